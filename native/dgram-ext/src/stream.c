/* Stream (and connected datagram) sockets whose options must be set before connect. */
#include "addon.h"

#include <netinet/in.h>
#include <unistd.h>

/** A connect that was started in the background is over: calls back with the errno, 0 for success. */
static void on_connected(struct watch *watch) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  napi_value argument = result_int(watch->addon->env, error);
  watch_stop(watch);
  watch_call(watch, 1, &argument);
}

/** openStream(domain, type): a handle to be connected, or a negative errno. */
static napi_value js_open_stream(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t domain, type;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &domain) || !arg_int(env, call.argv[1], &type)) return NULL;
  int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return result_int(env, -errno);
  return watch_create(call.addon, fd, on_connected);
}

/** release(handle): gives the descriptor to the caller, who closes it; the handle is closed. */
static napi_value js_release(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch)) return NULL;
  return result_int(env, watch_release(watch));
}

static napi_value js_close_descriptor(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t fd;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &fd)) return NULL;
  return result_int(env, close(fd) == 0 ? 0 : -errno);
}

void stream_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "openStream", js_open_stream);
  export_function(addon, exports, "release", js_release);
  export_function(addon, exports, "closeDescriptor", js_close_descriptor);
}
