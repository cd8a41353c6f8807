/*
 * Signals that Node cannot listen to. The handler writes the number into a pipe, which the loop of the listener
 * watches. A signal has one listener in a process.
 */
#include "addon.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Per signal: the pipe's end to write to, plus one; 0: not ours. Read by the handler. */
static volatile int pipe_of[_NSIG + 1];
static struct sigaction before[_NSIG + 1];

static void on_signal(int signal) {
  int saved = errno;
  int fd = pipe_of[signal] - 1;
  uint8_t number = (uint8_t)signal;
  if (fd >= 0 && write(fd, &number, 1) < 0) errno = saved; /* full: as many are waiting already */
  errno = saved;
}

static void on_pipe(struct watch *watch) {
  uint8_t numbers[64];
  ssize_t count;
  while (watch->fd >= 0 && (count = read(watch->fd, numbers, sizeof numbers)) > 0) {
    for (ssize_t i = 0; i < count; i++) {
      napi_value argument = result_int(watch->addon->env, numbers[i]);
      watch_call(watch, 1, &argument);
    }
  }
}

/** Gives back every signal whose handler writes to the pipe end `fd`. */
static void forget(int fd) {
  pthread_mutex_lock(&lock);
  for (int signal = 1; signal <= _NSIG; signal++) {
    if (pipe_of[signal] != fd + 1) continue;
    sigaction(signal, &before[signal], NULL);
    pipe_of[signal] = 0;
  }
  pthread_mutex_unlock(&lock);
  close(fd);
}

static void on_close(struct watch *watch) {
  forget(watch->other);
}

static int take(int signal, int fd) {
  struct sigaction ours = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
  if (signal < 1 || signal >= _NSIG) return -EINVAL;
  pthread_mutex_lock(&lock);
  int error = pipe_of[signal] != 0 ? -EBUSY : 0;
  if (error == 0) {
    sigfillset(&ours.sa_mask);
    pipe_of[signal] = fd + 1;
    if (sigaction(signal, &ours, &before[signal]) != 0) {
      error = -errno;
      pipe_of[signal] = 0;
    }
  }
  pthread_mutex_unlock(&lock);
  return error;
}

/** openSignals(): a handle without signals, or a negative errno. */
static napi_value js_open_signals(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  int ends[2];
  call_read(env, info, &call);
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return result_int(env, -errno);
  napi_value handle = watch_create(call.addon, ends[0], on_pipe);
  if (handle == NULL) {
    close(ends[1]);
    return NULL;
  }
  napi_get_value_external(env, handle, (void **)&watch);
  watch->other = ends[1];
  watch->on_close = on_close;
  return handle;
}

/** addSignal(handle, number): 0, -EBUSY when it has a listener, or another negative errno. */
static napi_value js_add_signal(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  int32_t signal;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_int(env, call.argv[1], &signal)) return NULL;
  if (watch->fd < 0) return result_int(env, -EBADF);
  return result_int(env, take(signal, watch->other));
}

void signal_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "openSignals", js_open_signals);
  export_function(addon, exports, "addSignal", js_add_signal);
}
