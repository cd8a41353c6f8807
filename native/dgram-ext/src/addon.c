/* The module: one environment's data, its clean-up, and the reading of arguments. */
#include "addon.h"

#include <stdlib.h>

_Static_assert(sizeof(struct received) == RECEIVED_SIZE, "socket.ts repeats this layout");

static void finish_cleanup(struct addon *addon) {
  if (addon->closing && addon->handles == 0 && addon->hook != NULL) {
    napi_async_cleanup_hook_handle hook = addon->hook;
    addon->hook = NULL;
    napi_remove_async_cleanup_hook(hook);
  }
}

void addon_handle_closed(struct addon *addon) {
  addon->handles--;
  finish_cleanup(addon);
}

/** The environment ends (exit, or a worker is terminated): every uv handle must be closed before its loop goes. */
static void cleanup(napi_async_cleanup_hook_handle hook, void *data) {
  struct addon *addon = data;
  addon->hook = hook;
  addon->closing = true;
  while (addon->watches != NULL) watch_close(addon->watches);
  requesters_stop_all(addon);
  finish_cleanup(addon);
}

static void free_addon(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

void addon_call(struct addon *addon, napi_ref callback, size_t argc, const napi_value *argv) {
  napi_value function, global, error;
  bool pending = false;
  if (addon->closing || callback == NULL) return;
  if (napi_get_reference_value(addon->env, callback, &function) != napi_ok || function == NULL) return;
  napi_get_global(addon->env, &global);
  napi_make_callback(addon->env, NULL, global, function, argc, argv, NULL);
  napi_is_exception_pending(addon->env, &pending);
  if (pending && napi_get_and_clear_last_exception(addon->env, &error) == napi_ok)
    napi_fatal_exception(addon->env, error);
}

void export_function(struct addon *addon, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  napi_create_function(addon->env, name, NAPI_AUTO_LENGTH, function, addon, &value);
  napi_set_named_property(addon->env, exports, name, value);
}

void call_read(napi_env env, napi_callback_info info, struct call *call) {
  void *data;
  call->argc = MAX_ARGS;
  napi_get_cb_info(env, info, &call->argc, call->argv, NULL, &data);
  call->addon = data;
}

static bool wrong(napi_env env, const char *message) {
  napi_throw_type_error(env, NULL, message);
  return false;
}

bool arg_int(napi_env env, napi_value value, int32_t *out) {
  return napi_get_value_int32(env, value, out) == napi_ok || wrong(env, "dgram-ext: a number is expected");
}

bool arg_uint(napi_env env, napi_value value, uint32_t *out) {
  return napi_get_value_uint32(env, value, out) == napi_ok || wrong(env, "dgram-ext: a number is expected");
}

bool arg_double(napi_env env, napi_value value, double *out) {
  return napi_get_value_double(env, value, out) == napi_ok || wrong(env, "dgram-ext: a number is expected");
}

bool arg_bool(napi_env env, napi_value value, bool *out) {
  return napi_get_value_bool(env, value, out) == napi_ok || wrong(env, "dgram-ext: a boolean is expected");
}

bool arg_text(napi_env env, napi_value value, char *out, size_t size, size_t *length) {
  size_t copied;
  if (napi_get_value_string_utf8(env, value, out, size, &copied) != napi_ok)
    return wrong(env, "dgram-ext: a string is expected");
  if (copied >= size - 1) return wrong(env, "dgram-ext: the string is too long");
  if (length != NULL) *length = copied;
  return true;
}

bool arg_bytes(napi_env env, napi_value value, uint8_t **data, size_t *length) {
  bool view = false;
  napi_is_buffer(env, value, &view);
  if (!view || napi_get_buffer_info(env, value, (void **)data, length) != napi_ok)
    return wrong(env, "dgram-ext: a Uint8Array is expected");
  return true;
}

bool arg_watch(napi_env env, napi_value value, struct watch **out) {
  return napi_get_value_external(env, value, (void **)out) == napi_ok || wrong(env, "dgram-ext: a handle is expected");
}

napi_value result_int(napi_env env, int32_t value) {
  napi_value result;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value result_double(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

bool is_nothing(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_undefined || type == napi_null;
}

/** The memory in which `receive` leaves a datagram: never allocated again, as long as the environment lives. */
static bool create_memory(struct addon *addon, napi_value exports) {
  napi_value buffer;
  void *data;
  if (napi_create_arraybuffer(addon->env, RECEIVED_SIZE + RECEIVE_CAPACITY, &data, &buffer) != napi_ok) return false;
  addon->received = data;
  addon->bytes = (uint8_t *)data + RECEIVED_SIZE;
  napi_create_reference(addon->env, buffer, 1, &addon->memory);
  napi_set_named_property(addon->env, exports, "memory", buffer);
  return true;
}

NAPI_MODULE_INIT() {
  struct addon *addon = calloc(1, sizeof *addon);
  if (addon == NULL) {
    napi_throw_error(env, NULL, "dgram-ext: out of memory");
    return NULL;
  }
  addon->env = env;
  napi_get_uv_event_loop(env, &addon->loop);
  napi_set_instance_data(env, addon, free_addon, NULL);
  if (!create_memory(addon, exports)) return NULL;
  napi_add_async_cleanup_hook(env, cleanup, addon, &addon->hook);
  watch_exports(addon, exports);
  socket_exports(addon, exports);
  address_exports(addon, exports);
  stream_exports(addon, exports);
  timer_exports(addon, exports);
  request_exports(addon, exports);
  signal_exports(addon, exports);
  process_exports(addon, exports);
  privilege_exports(addon, exports);
  return exports;
}
