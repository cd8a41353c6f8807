/*
 * A descriptor with its uv_poll. It has two owners, the external value that JavaScript holds and libuv, and is
 * freed when both have let go; its descriptor is closed as soon as one says so.
 */
#include "addon.h"

#include <stdlib.h>
#include <unistd.h>

static void release(struct watch *watch) {
  if (watch->fd < 0 && watch->collected && !watch->polled) free(watch);
}

static void on_collected(napi_env env, void *data, void *hint) {
  struct watch *watch = data;
  (void)env;
  (void)hint;
  watch->collected = true;
  if (watch->fd >= 0) watch_close(watch);
  else release(watch);
}

napi_value watch_create(struct addon *addon, int fd, void (*ready)(struct watch *)) {
  napi_value external;
  struct watch *watch = calloc(1, sizeof *watch);
  if (watch == NULL || napi_create_external(addon->env, watch, on_collected, NULL, &external) != napi_ok) {
    free(watch);
    close(fd);
    napi_throw_error(addon->env, "ENOMEM", "dgram-ext: out of memory");
    return NULL;
  }
  watch->addon = addon;
  watch->fd = fd;
  watch->ready = ready;
  watch->next = addon->watches;
  if (addon->watches != NULL) addon->watches->previous = watch;
  addon->watches = watch;
  return external;
}

/**
 * libuv reports EPOLLERR (a queued socket error: ENOBUFS of netlink, ENETDOWN, ECONNREFUSED) as EBADF and stops
 * watching. The callback then finds the error by `receive`; afterwards the watch goes on.
 */
static void on_poll(uv_poll_t *poll, int status, int events) {
  struct watch *watch = poll->data;
  napi_handle_scope scope;
  napi_env env = watch->addon->env;
  (void)events;
  napi_open_handle_scope(env, &scope);
  watch->ready(watch);
  /* A closing handle may not be started again; `fd` tells, since the memory outlives this callback. */
  if (status < 0 && watch->fd >= 0 && watch->events != 0) uv_poll_start(&watch->poll, watch->events, on_poll);
  napi_close_handle_scope(env, scope);
}

int watch_start(struct watch *watch, int events) {
  int error;
  if (watch->fd < 0) return -EBADF;
  if (!watch->polled) {
    error = uv_poll_init(watch->addon->loop, &watch->poll, watch->fd);
    if (error != 0) return error;
    watch->poll.data = watch;
    watch->polled = true;
    watch->addon->handles++;
    if (watch->unreferenced) uv_unref((uv_handle_t *)&watch->poll);
  }
  error = uv_poll_start(&watch->poll, events, on_poll);
  if (error == 0) watch->events = events;
  return error;
}

void watch_stop(struct watch *watch) {
  if (watch->events != 0) uv_poll_stop(&watch->poll);
  watch->events = 0;
}

void watch_reference(struct watch *watch, bool reference) {
  watch->unreferenced = !reference;
  if (!watch->polled || watch->fd < 0) return;
  if (reference) uv_ref((uv_handle_t *)&watch->poll);
  else uv_unref((uv_handle_t *)&watch->poll);
}

static void forget_callback(struct watch *watch) {
  if (watch->callback != NULL) napi_delete_reference(watch->addon->env, watch->callback);
  if (watch->self != NULL) napi_delete_reference(watch->addon->env, watch->self);
  watch->callback = NULL;
  watch->self = NULL;
}

static void on_closed(uv_handle_t *handle) {
  struct watch *watch = handle->data;
  watch->polled = false;
  addon_handle_closed(watch->addon);
  release(watch);
}

static void unlink_watch(struct watch *watch) {
  if (watch->next != NULL) watch->next->previous = watch->previous;
  if (watch->previous != NULL) watch->previous->next = watch->next;
  else watch->addon->watches = watch->next;
}

int watch_release(struct watch *watch) {
  int fd = watch->fd;
  if (fd < 0) return -EBADF;
  if (watch->on_close != NULL) watch->on_close(watch);
  if (watch->requester != NULL) requester_stop(watch->requester);
  watch->requester = NULL;
  unlink_watch(watch);
  forget_callback(watch);
  watch_stop(watch);
  if (watch->polled) uv_close((uv_handle_t *)&watch->poll, on_closed);
  watch->fd = -1;
  release(watch);
  return fd;
}

void watch_close(struct watch *watch) {
  int fd = watch_release(watch);
  if (fd >= 0) close(fd);
}

void watch_call(struct watch *watch, size_t argc, const napi_value *argv) {
  addon_call(watch->addon, watch->callback, argc, argv);
}

void watch_ready_plain(struct watch *watch) {
  watch_call(watch, 0, NULL);
}

/** watch(handle, fn, writable): calls `fn` whenever the descriptor is readable (or writable); null stops. */
static napi_value js_watch(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  napi_valuetype type = napi_undefined;
  bool writable;
  int error;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_bool(env, call.argv[2], &writable)) return NULL;
  napi_typeof(env, call.argv[1], &type);
  if (type != napi_function && type != napi_null) {
    napi_throw_type_error(env, NULL, "dgram-ext: a function or null is expected");
    return NULL;
  }
  if (watch->fd < 0) return result_int(env, -EBADF);
  forget_callback(watch);
  if (type == napi_null) {
    watch_stop(watch);
    return result_int(env, 0);
  }
  napi_create_reference(env, call.argv[1], 1, &watch->callback);
  napi_create_reference(env, call.argv[0], 1, &watch->self);
  error = watch_start(watch, writable ? UV_WRITABLE : UV_READABLE);
  if (error != 0) forget_callback(watch);
  return result_int(env, error);
}

static napi_value js_reference(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  bool reference;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_bool(env, call.argv[1], &reference)) return NULL;
  watch_reference(watch, reference);
  return NULL;
}

static napi_value js_close(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch)) return NULL;
  watch_close(watch);
  return NULL;
}

/** descriptor(handle): the number, or -1 when it is closed. */
static napi_value js_descriptor(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch)) return NULL;
  return result_int(env, watch->fd);
}

void watch_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "watch", js_watch);
  export_function(addon, exports, "reference", js_reference);
  export_function(addon, exports, "close", js_close);
  export_function(addon, exports, "descriptor", js_descriptor);
}
