/* Socket addresses: four arguments (family, address, a, b) into a sockaddr, and a sockaddr into `received`. */
#include "addon.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

/** ipv4 and ipv6: address is text, a the port, b the scope id. */
static int pack_ip(napi_env env, int family, napi_value text, uint32_t port, uint32_t scope, struct sockaddr_storage *to,
                   socklen_t *length) {
  char buffer[INET6_ADDRSTRLEN + 2];
  if (port > 65535) return EINVAL;
  if (napi_get_value_string_utf8(env, text, buffer, sizeof buffer, NULL) != napi_ok) return EINVAL;
  if (family == AF_INET) {
    struct sockaddr_in *in = (struct sockaddr_in *)to;
    in->sin_port = htons((uint16_t)port);
    *length = sizeof *in;
    return inet_pton(AF_INET, buffer, &in->sin_addr) == 1 ? 0 : EINVAL;
  }
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
  in6->sin6_port = htons((uint16_t)port);
  in6->sin6_scope_id = scope;
  *length = sizeof *in6;
  return inet_pton(AF_INET6, buffer, &in6->sin6_addr) == 1 ? 0 : EINVAL;
}

/** packet: address is the hardware address (bytes or nothing), a the interface, b the Ethertype. */
static int pack_packet(napi_env env, napi_value hardware, uint32_t ifindex, uint32_t protocol,
                       struct sockaddr_storage *to, socklen_t *length) {
  struct sockaddr_ll *ll = (struct sockaddr_ll *)to;
  uint8_t *bytes;
  size_t size;
  ll->sll_ifindex = (int)ifindex;
  ll->sll_protocol = htons((uint16_t)protocol);
  *length = sizeof *ll;
  if (is_nothing(env, hardware)) return 0;
  if (napi_get_buffer_info(env, hardware, (void **)&bytes, &size) != napi_ok || size > sizeof ll->sll_addr)
    return EINVAL;
  ll->sll_halen = (unsigned char)size;
  memcpy(ll->sll_addr, bytes, size);
  return 0;
}

/** unix: a path, or after a leading NUL a name in the abstract name space, which has no terminator. */
static int pack_unix(napi_env env, napi_value path, struct sockaddr_storage *to, socklen_t *length) {
  struct sockaddr_un *un = (struct sockaddr_un *)to;
  char buffer[sizeof un->sun_path + 2];
  size_t size;
  if (napi_get_value_string_utf8(env, path, buffer, sizeof buffer, &size) != napi_ok) return EINVAL;
  if (size >= sizeof un->sun_path) return ENAMETOOLONG;
  memcpy(un->sun_path, buffer, size + 1);
  bool abstract = size > 0 && buffer[0] == '\0';
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (abstract || size == 0 ? 0 : 1));
  return 0;
}

int address_pack(napi_env env, const napi_value *argv, struct sockaddr_storage *to, socklen_t *length) {
  int32_t family;
  uint32_t a, b;
  if (!arg_int(env, argv[0], &family) || !arg_uint(env, argv[2], &a) || !arg_uint(env, argv[3], &b)) return EINVAL;
  memset(to, 0, sizeof *to);
  *length = 0;
  to->ss_family = (sa_family_t)family;
  switch (family) {
    case AF_UNSPEC:
      return 0;
    case AF_INET:
    case AF_INET6:
      return pack_ip(env, family, argv[1], a, b, to, length);
    case AF_PACKET:
      return pack_packet(env, argv[1], a, b, to, length);
    case AF_NETLINK: {
      struct sockaddr_nl *nl = (struct sockaddr_nl *)to;
      nl->nl_pid = a;
      nl->nl_groups = b;
      *length = sizeof *nl;
      return 0;
    }
    case AF_UNIX:
      return pack_unix(env, argv[1], to, length);
    default:
      return EAFNOSUPPORT;
  }
}

static void unpack_bytes(struct received *to, const void *bytes, size_t length) {
  if (length > sizeof to->address) length = sizeof to->address;
  memcpy(to->address, bytes, length);
  to->address_length = (int32_t)length;
}

void address_unpack(const struct sockaddr_storage *from, socklen_t length, struct received *to) {
  to->family = length < sizeof(sa_family_t) ? 0 : from->ss_family;
  to->a = to->b = to->packet_type = to->address_length = 0;
  if (to->family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)from;
    to->a = ntohs(in->sin_port);
    unpack_bytes(to, &in->sin_addr, 4);
  } else if (to->family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
    to->a = ntohs(in6->sin6_port);
    to->b = (int32_t)in6->sin6_scope_id;
    unpack_bytes(to, &in6->sin6_addr, 16);
  } else if (to->family == AF_PACKET) {
    const struct sockaddr_ll *ll = (const struct sockaddr_ll *)from;
    to->a = ll->sll_ifindex;
    to->b = ntohs(ll->sll_protocol);
    to->packet_type = ll->sll_pkttype;
    to->ifindex = ll->sll_ifindex;
    unpack_bytes(to, ll->sll_addr, ll->sll_halen > 8 ? 8 : ll->sll_halen);
  } else if (to->family == AF_NETLINK) {
    const struct sockaddr_nl *nl = (const struct sockaddr_nl *)from;
    to->a = (int32_t)nl->nl_pid;
    to->b = (int32_t)nl->nl_groups;
  } else if (to->family == AF_UNIX) {
    const struct sockaddr_un *un = (const struct sockaddr_un *)from;
    size_t size = length - offsetof(struct sockaddr_un, sun_path);
    if (size > 0 && un->sun_path[0] != '\0') size = strnlen(un->sun_path, size);
    unpack_bytes(to, un->sun_path, size);
  }
}

/** parseIp(text): 4 or 16 bytes, or undefined. */
static napi_value js_parse_ip(napi_env env, napi_callback_info info) {
  struct call call;
  char text[INET6_ADDRSTRLEN + 2];
  uint8_t bytes[16];
  napi_value result;
  size_t size = 0;
  call_read(env, info, &call);
  if (napi_get_value_string_utf8(env, call.argv[0], text, sizeof text, NULL) != napi_ok) return NULL;
  if (inet_pton(AF_INET, text, bytes) == 1) size = 4;
  else if (inet_pton(AF_INET6, text, bytes) == 1) size = 16;
  else return NULL;
  napi_create_buffer_copy(env, size, bytes, NULL, &result);
  return result;
}

/** ipv6Text(offset): the text of the 16 bytes at `offset` of the shared memory. */
static napi_value js_ipv6_text(napi_env env, napi_callback_info info) {
  struct call call;
  uint32_t offset;
  char text[INET6_ADDRSTRLEN];
  napi_value result;
  call_read(env, info, &call);
  if (!arg_uint(env, call.argv[0], &offset)) return NULL;
  if (offset > RECEIVED_SIZE - 16) return NULL;
  inet_ntop(AF_INET6, (const uint8_t *)call.addon->received + offset, text, sizeof text);
  napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &result);
  return result;
}

static napi_value js_interface_index(napi_env env, napi_callback_info info) {
  struct call call;
  char name[256];
  call_read(env, info, &call);
  if (!arg_text(env, call.argv[0], name, sizeof name, NULL)) return NULL;
  unsigned index = strlen(name) < IF_NAMESIZE ? if_nametoindex(name) : 0;
  return result_int(env, (int32_t)index);
}

static napi_value js_interface_name(napi_env env, napi_callback_info info) {
  struct call call;
  uint32_t index;
  char name[IF_NAMESIZE];
  napi_value result;
  call_read(env, info, &call);
  if (!arg_uint(env, call.argv[0], &index)) return NULL;
  if (if_indextoname(index, name) == NULL) return NULL;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result);
  return result;
}

void address_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "parseIp", js_parse_ip);
  export_function(addon, exports, "ipv6Text", js_ipv6_text);
  export_function(addon, exports, "interfaceIndex", js_interface_index);
  export_function(addon, exports, "interfaceName", js_interface_name);
}
