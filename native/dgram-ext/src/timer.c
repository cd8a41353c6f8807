/* Clocks, and a timerfd on CLOCK_BOOTTIME: it counts the time that the machine slept, as the peers do. */
#include "addon.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static void on_expired(struct watch *watch) {
  uint64_t count;
  /* Disarmed or armed anew between the expiry and now: nothing to read, nothing has happened. */
  if (read(watch->fd, &count, sizeof count) != sizeof count) return;
  watch_reference(watch, false);
  watch_call(watch, 0, NULL);
}

/** openTimer(): a handle, or a negative errno. */
static napi_value js_open_timer(napi_env env, napi_callback_info info) {
  struct call call;
  call_read(env, info, &call);
  int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) return result_int(env, -errno);
  return watch_create(call.addon, fd, on_expired);
}

/** armTimer(handle, atMs): keeps the loop alive until it expires; a negative time disarms. 0 or a negative errno. */
static napi_value js_arm_timer(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  double at;
  struct itimerspec when = { 0 };
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_double(env, call.argv[1], &at)) return NULL;
  bool arm = at >= 0;
  if (arm) {
    double seconds = (double)(int64_t)(at / 1e3);
    when.it_value.tv_sec = (time_t)seconds;
    when.it_value.tv_nsec = (long)((at - seconds * 1e3) * 1e6);
    if (when.it_value.tv_nsec > 999999999) when.it_value.tv_nsec = 999999999;
    if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec < 1) when.it_value.tv_nsec = 1; /* zero would disarm */
  }
  if (timerfd_settime(watch->fd, TFD_TIMER_ABSTIME, &when, NULL) != 0) return result_int(env, -errno);
  watch_reference(watch, arm);
  return result_int(env, 0);
}

static napi_value clock_ms(napi_env env, clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return result_double(env, (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6);
}

static napi_value js_boottime(napi_env env, napi_callback_info info) {
  (void)info;
  return clock_ms(env, CLOCK_BOOTTIME);
}

static napi_value js_realtime(napi_env env, napi_callback_info info) {
  (void)info;
  return clock_ms(env, CLOCK_REALTIME);
}

void timer_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "openTimer", js_open_timer);
  export_function(addon, exports, "armTimer", js_arm_timer);
  export_function(addon, exports, "boottimeMs", js_boottime);
  export_function(addon, exports, "realtimeMs", js_realtime);
}
