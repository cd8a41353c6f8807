/* Datagram sockets: open, bind, connect, options, send and receive with ancillary data. */
#include "addon.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/** openSocket(domain, type, protocol) */
static napi_value js_open(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t domain, type, protocol;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &domain) || !arg_int(env, call.argv[1], &type) ||
      !arg_int(env, call.argv[2], &protocol))
    return NULL;
  int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd < 0) return result_int(env, -errno);
  return watch_create(call.addon, fd, watch_ready_plain);
}

static napi_value with_address(napi_env env, napi_callback_info info,
                               int (*function)(int, const struct sockaddr *, socklen_t)) {
  struct call call;
  struct watch *watch;
  struct sockaddr_storage address;
  socklen_t length;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch)) return NULL;
  int error = address_pack(env, call.argv + 1, &address, &length);
  if (error != 0) return result_int(env, -error);
  int result = function(watch->fd, (struct sockaddr *)&address, length);
  return result_int(env, result == 0 ? 0 : -errno);
}

/** bind(handle, family, address, a, b) */
static napi_value js_bind(napi_env env, napi_callback_info info) {
  return with_address(env, info, bind);
}

static napi_value js_connect(napi_env env, napi_callback_info info) {
  return with_address(env, info, connect);
}

/** setOption(handle, level, name, number | bytes) */
static napi_value js_set_option(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  int32_t level, name, number;
  napi_valuetype type;
  uint8_t *bytes = (uint8_t *)&number;
  size_t length = sizeof number;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_int(env, call.argv[1], &level) ||
      !arg_int(env, call.argv[2], &name))
    return NULL;
  napi_typeof(env, call.argv[3], &type);
  if (type == napi_number ? !arg_int(env, call.argv[3], &number) : !arg_bytes(env, call.argv[3], &bytes, &length))
    return NULL;
  int result = setsockopt(watch->fd, level, name, bytes, (socklen_t)length);
  return result_int(env, result == 0 ? 0 : -errno);
}

/** getOption(handle, level, name, length): a Buffer, or a negative errno. */
static napi_value js_get_option(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  int32_t level, name;
  uint32_t length;
  uint8_t bytes[4096];
  napi_value result;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_int(env, call.argv[1], &level) ||
      !arg_int(env, call.argv[2], &name) || !arg_uint(env, call.argv[3], &length))
    return NULL;
  socklen_t size = length > sizeof bytes ? sizeof bytes : length;
  if (getsockopt(watch->fd, level, name, bytes, &size) != 0) return result_int(env, -errno);
  napi_create_buffer_copy(env, size, bytes, NULL, &result);
  return result;
}

/** attachFilter(handle, program): classic BPF, 8 bytes an instruction (struct sock_filter). */
static napi_value js_attach_filter(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  uint8_t *bytes;
  size_t length;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_bytes(env, call.argv[1], &bytes, &length)) return NULL;
  struct sock_fprog program = { .len = (unsigned short)(length / sizeof(struct sock_filter)),
                                .filter = (struct sock_filter *)bytes };
  int result = setsockopt(watch->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  return result_int(env, result == 0 ? 0 : -errno);
}

static void put_control(struct msghdr *message, int level, int type, const void *data, size_t size) {
  struct cmsghdr *header = (struct cmsghdr *)message->msg_control;
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(header), data, size);
  message->msg_controllen = CMSG_SPACE(size);
}

/** Source address and interface of one datagram, by packet info; `family` 0: the socket's. @returns 0 or an errno */
static int put_source(napi_env env, napi_value source, uint32_t ifindex, int fd, int family, struct msghdr *message) {
  socklen_t length = sizeof family;
  struct in_pktinfo info4 = { .ipi_ifindex = (int)ifindex };
  struct in6_pktinfo info6 = { .ipi6_ifindex = ifindex };
  char text[INET6_ADDRSTRLEN + 2];
  if (!is_nothing(env, source)) {
    if (napi_get_value_string_utf8(env, source, text, sizeof text, NULL) != napi_ok) return EINVAL;
    int own = inet_pton(AF_INET, text, &info4.ipi_spec_dst) == 1 ? AF_INET : AF_INET6;
    if (own == AF_INET6 && inet_pton(AF_INET6, text, &info6.ipi6_addr) != 1) return EINVAL;
    if (family != 0 && family != own) return EINVAL; /* the kernel would ignore it */
    family = own;
  } else if (family == 0 && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) != 0) {
    return errno;
  }
  if (family == AF_INET) put_control(message, IPPROTO_IP, IP_PKTINFO, &info4, sizeof info4);
  else if (family == AF_INET6) put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof info6);
  else return EINVAL;
  return 0;
}

/** send(handle, data, flags, family, address, a, b, source, ifindex): bytes sent, or a negative errno. No allocation. */
static napi_value js_send(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  struct iovec part;
  int32_t flags;
  uint32_t ifindex;
  struct sockaddr_storage to;
  socklen_t length;
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = { 0 };
  uint8_t *data;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_bytes(env, call.argv[1], &data, &part.iov_len) ||
      !arg_int(env, call.argv[2], &flags) || !arg_uint(env, call.argv[8], &ifindex))
    return NULL;
  int error = address_pack(env, call.argv + 3, &to, &length);
  if (error != 0) return result_int(env, -error);
  part.iov_base = data;
  struct msghdr message = { .msg_name = length > 0 ? &to : NULL, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1 };
  if (ifindex != 0 || !is_nothing(env, call.argv[7])) {
    message.msg_control = control;
    error = put_source(env, call.argv[7], ifindex, watch->fd, to.ss_family, &message);
    if (error != 0) return result_int(env, -error);
  }
  ssize_t sent;
  do sent = sendmsg(watch->fd, &message, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return result_int(env, sent < 0 ? -errno : (int32_t)sent);
}

static void read_ip_control(const struct cmsghdr *header, struct received *to) {
  const void *data = CMSG_DATA(header);
  if (header->cmsg_type == IP_PKTINFO) {
    const struct in_pktinfo *info = data;
    to->ifindex = info->ipi_ifindex;
    to->destination_family = AF_INET;
    memcpy(to->destination, &info->ipi_addr, 4);
  } else if (header->cmsg_type == IP_TTL) {
    memcpy(&to->ttl, data, sizeof to->ttl);
  }
}

static void read_ipv6_control(const struct cmsghdr *header, struct received *to) {
  const void *data = CMSG_DATA(header);
  if (header->cmsg_type == IPV6_PKTINFO) {
    const struct in6_pktinfo *info = data;
    to->ifindex = (int32_t)info->ipi6_ifindex;
    to->destination_family = AF_INET6;
    memcpy(to->destination, &info->ipi6_addr, 16);
  } else if (header->cmsg_type == IPV6_HOPLIMIT) {
    memcpy(&to->ttl, data, sizeof to->ttl);
  }
}

/** Descriptors that somebody passes to one of our AF_UNIX sockets are not wanted, and would leak. */
static void close_passed(const struct cmsghdr *header) {
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < count; i++) {
    int fd;
    memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    close(fd);
  }
}

static void read_socket_control(const struct cmsghdr *header, struct received *to) {
  if (header->cmsg_type == SCM_TIMESTAMPNS) {
    struct timespec stamp;
    memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
    to->realtime_ms = (double)stamp.tv_sec * 1e3 + (double)stamp.tv_nsec / 1e6;
  } else if (header->cmsg_type == SCM_RIGHTS) {
    close_passed(header);
  }
}

static void read_control(struct msghdr *message, struct received *to) {
  struct cmsghdr *header;
  for (header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == IPPROTO_IP) read_ip_control(header, to);
    else if (header->cmsg_level == IPPROTO_IPV6) read_ipv6_control(header, to);
    else if (header->cmsg_level == SOL_SOCKET) read_socket_control(header, to);
  }
}

/** receive(handle, maxBytes): the length of the datagram, now in the shared memory, or a negative errno. */
static napi_value js_receive(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  uint32_t max;
  struct sockaddr_storage from;
  _Alignas(struct cmsghdr) char control[1280]; /* the most descriptors that can be passed (253) fit */
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_uint(env, call.argv[1], &max)) return NULL;
  struct iovec part = { .iov_base = call.addon->bytes, .iov_len = max > RECEIVE_CAPACITY ? RECEIVE_CAPACITY : max };
  struct msghdr message = { .msg_name = &from,
                            .msg_namelen = sizeof from,
                            .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control };
  ssize_t length;
  /* without MSG_CMSG_CLOEXEC, which AF_PACKET refuses: passed descriptors are closed below */
  do length = recvmsg(watch->fd, &message, MSG_DONTWAIT);
  while (length < 0 && errno == EINTR);
  if (length < 0) return result_int(env, -errno);
  struct received *to = call.addon->received;
  to->realtime_ms = NAN;
  to->ifindex = 0;
  to->ttl = -1;
  to->truncated = (message.msg_flags & MSG_TRUNC) != 0;
  to->destination_family = 0;
  address_unpack(&from, message.msg_namelen, to);
  read_control(&message, to);
  return result_int(env, (int32_t)length);
}

/** wait(handle, writable, timeoutMs): blocks this thread. 1: ready, 0: timed out, or a negative errno. */
static napi_value js_wait(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  bool writable;
  int32_t timeout;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_bool(env, call.argv[1], &writable) ||
      !arg_int(env, call.argv[2], &timeout))
    return NULL;
  if (watch->fd < 0) return result_int(env, -EBADF);
  struct pollfd poller = { .fd = watch->fd, .events = writable ? POLLOUT : POLLIN };
  int result = poll(&poller, 1, timeout);
  if (result < 0) return result_int(env, errno == EINTR ? 0 : -errno);
  return result_int(env, result);
}

/** localAddress(handle): leaves the bound address where `receive` leaves the sender's. 0 or a negative errno. */
static napi_value js_local_address(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch)) return NULL;
  if (getsockname(watch->fd, (struct sockaddr *)&address, &length) != 0) return result_int(env, -errno);
  address_unpack(&address, length, call.addon->received);
  return result_int(env, 0);
}

void socket_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "openSocket", js_open);
  export_function(addon, exports, "bind", js_bind);
  export_function(addon, exports, "connect", js_connect);
  export_function(addon, exports, "setOption", js_set_option);
  export_function(addon, exports, "getOption", js_get_option);
  export_function(addon, exports, "attachFilter", js_attach_filter);
  export_function(addon, exports, "send", js_send);
  export_function(addon, exports, "receive", js_receive);
  export_function(addon, exports, "wait", js_wait);
  export_function(addon, exports, "localAddress", js_local_address);
}
