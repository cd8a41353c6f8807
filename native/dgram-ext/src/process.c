/* The process itself: scheduling, limits, names, locks. */
#include "addon.h"

#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set_scheduler(int tid, const void *priority) {
  struct sched_param parameter = { .sched_priority = *(const int *)priority };
  int policy = parameter.sched_priority > 0 ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_OTHER;
  if (sched_setscheduler(tid, policy, &parameter) == 0) return 0;
  /* Without privilege one may become ordinary again, but not clear the flag. */
  if (errno == EPERM && policy == SCHED_OTHER &&
      sched_setscheduler(tid, SCHED_OTHER | SCHED_RESET_ON_FORK, &parameter) == 0)
    return 0;
  return errno == ESRCH ? 0 : -errno; /* a thread that has just ended */
}

/** setRealtime(priority, all): 0 or a negative errno. */
static napi_value js_set_realtime(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t priority;
  bool all;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &priority) || !arg_bool(env, call.argv[1], &all)) return NULL;
  int result = all ? for_each_thread(set_scheduler, &priority) : set_scheduler(0, &priority);
  if (result == 0 && all) realtime_priority = priority;
  return result_int(env, result);
}

static int set_nice(int tid, const void *value) {
  if (setpriority(PRIO_PROCESS, (id_t)tid, *(const int *)value) == 0) return 0;
  return errno == ESRCH ? 0 : -errno;
}

static napi_value js_set_nice(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t value;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &value)) return NULL;
  return result_int(env, for_each_thread(set_nice, &value));
}

static rlim_t limit_of(double value) {
  return isinf(value) ? RLIM_INFINITY : (rlim_t)value;
}

/** setLimit(resource, soft, hard): Infinity is RLIM_INFINITY. */
static napi_value js_set_limit(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t resource;
  double soft, hard;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &resource) || !arg_double(env, call.argv[1], &soft) ||
      !arg_double(env, call.argv[2], &hard))
    return NULL;
  struct rlimit limit = { .rlim_cur = limit_of(soft), .rlim_max = limit_of(hard) };
  return result_int(env, setrlimit(resource, &limit) == 0 ? 0 : -errno);
}

static napi_value js_parent_death_signal(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t signal;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &signal)) return NULL;
  return result_int(env, prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) == 0 ? 0 : -errno);
}

/** The name of the process is that of its first thread; another thread changes it through /proc. */
static napi_value js_set_name(napi_env env, napi_callback_info info) {
  struct call call;
  char name[256];
  size_t length;
  call_read(env, info, &call);
  if (!arg_text(env, call.argv[0], name, sizeof name, &length)) return NULL;
  if (syscall(SYS_gettid) == getpid()) return result_int(env, prctl(PR_SET_NAME, name, 0, 0, 0) == 0 ? 0 : -errno);
  int fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return result_int(env, -errno);
  int error = write(fd, name, length) < 0 ? -errno : 0;
  close(fd);
  return result_int(env, error);
}

/** trimMemory(): whether free memory of malloc, in any thread's arena, was given back to the kernel. */
static napi_value js_trim_memory(napi_env env, napi_callback_info info) {
  napi_value result;
  (void)info;
  napi_get_boolean(env, malloc_trim(0) != 0, &result);
  return result;
}

/** lockFile(path): a descriptor with an exclusive lock, or a negative errno (EWOULDBLOCK: somebody holds it). */
static napi_value js_lock_file(napi_env env, napi_callback_info info) {
  struct call call;
  char path[4096];
  call_read(env, info, &call);
  if (!arg_text(env, call.argv[0], path, sizeof path, NULL)) return NULL;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  if (fd < 0) return result_int(env, -errno);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return result_int(env, fd);
  int error = -errno;
  close(fd);
  return result_int(env, error);
}

/** writeFile(fd, bytes): replaces the content. */
static napi_value js_write_file(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t fd;
  uint8_t *data;
  size_t length;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &fd) || !arg_bytes(env, call.argv[1], &data, &length)) return NULL;
  if (ftruncate(fd, 0) != 0) return result_int(env, -errno);
  ssize_t written = pwrite(fd, data, length, 0);
  if (written < 0) return result_int(env, -errno);
  return result_int(env, (size_t)written == length ? 0 : -ENOSPC);
}

static napi_value js_make_fifo(napi_env env, napi_callback_info info) {
  struct call call;
  char path[4096];
  uint32_t mode;
  call_read(env, info, &call);
  if (!arg_text(env, call.argv[0], path, sizeof path, NULL) || !arg_uint(env, call.argv[1], &mode)) return NULL;
  return result_int(env, mkfifo(path, mode) == 0 ? 0 : -errno);
}

/** errorText(errno): [name, description]. */
static napi_value js_error_text(napi_env env, napi_callback_info info) {
  struct call call;
  int32_t number;
  napi_value result, name, text;
  call_read(env, info, &call);
  if (!arg_int(env, call.argv[0], &number)) return NULL;
  const char *known = strerrorname_np(number);
  napi_create_string_latin1(env, known != NULL ? known : "EUNKNOWN", NAPI_AUTO_LENGTH, &name);
  const char *described = strerrordesc_np(number);
  napi_create_string_utf8(env, described != NULL ? described : "unknown error", NAPI_AUTO_LENGTH, &text);
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, name);
  napi_set_element(env, result, 1, text);
  return result;
}

void process_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "setRealtime", js_set_realtime);
  export_function(addon, exports, "setNice", js_set_nice);
  export_function(addon, exports, "setLimit", js_set_limit);
  export_function(addon, exports, "setParentDeathSignal", js_parent_death_signal);
  export_function(addon, exports, "setProcessName", js_set_name);
  export_function(addon, exports, "trimMemory", js_trim_memory);
  export_function(addon, exports, "lockFile", js_lock_file);
  export_function(addon, exports, "writeFile", js_write_file);
  export_function(addon, exports, "makeFifo", js_make_fifo);
  export_function(addon, exports, "errorText", js_error_text);
}
