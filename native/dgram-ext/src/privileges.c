/* Identity, capabilities and namespaces, on every thread. */
#include "addon.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Which system call failed, in the result of dropPrivileges: step * 4096 + errno. Repeated in process.ts. */
enum step { KEEP_CAPS = 1, SET_GROUPS, SET_GID, SET_UID, CAP_SET, AMBIENT, NO_NEW_PRIVS };

#define MAX_GROUPS 64
struct identity {
  uid_t uid;
  gid_t gid;
  gid_t groups[MAX_GROUPS];
  size_t group_count;
  uint32_t keep[2];
  bool no_new_privileges;
};

static int failed(enum step step) {
  return -((int)step * 4096 + errno);
}

static int set_capabilities(const uint32_t keep[2]) {
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[2] = { { .effective = keep[0], .permitted = keep[0] },
                                            { .effective = keep[1], .permitted = keep[1] } };
  return (int)syscall(SYS_capset, &header, data);
}

/** Runs in a signal handler on each thread: bare system calls, since glibc's setuid would signal all threads again. */
static int drop_this_thread(const void *argument) {
  const struct identity *to = argument;
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return failed(KEEP_CAPS);
  if (syscall(SYS_setgroups, to->group_count, to->groups) != 0) return failed(SET_GROUPS);
  if (syscall(SYS_setresgid, to->gid, to->gid, to->gid) != 0) return failed(SET_GID);
  if (syscall(SYS_setresuid, to->uid, to->uid, to->uid) != 0) return failed(SET_UID);
  if (set_capabilities(to->keep) != 0) return failed(CAP_SET);
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return failed(KEEP_CAPS);
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return failed(AMBIENT);
  if (to->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed(NO_NEW_PRIVS);
  return 0;
}

static bool read_numbers(napi_env env, napi_value array, uint32_t *out, size_t max, size_t *count) {
  uint32_t length;
  napi_value element;
  if (napi_get_array_length(env, array, &length) != napi_ok || length > max) {
    napi_throw_type_error(env, NULL, "dgram-ext: an array of numbers is expected, and not too long a one");
    return false;
  }
  for (uint32_t i = 0; i < length; i++) {
    napi_get_element(env, array, i, &element);
    if (!arg_uint(env, element, &out[i])) return false;
  }
  *count = length;
  return true;
}

/** dropPrivileges(uid, gid, groups, keep, noNewPrivileges): 0, or -(step * 4096 + errno). */
static napi_value js_drop_privileges(napi_env env, napi_callback_info info) {
  struct call call;
  struct identity to = { 0 };
  uint32_t keep[64];
  size_t count;
  call_read(env, info, &call);
  if (!arg_uint(env, call.argv[0], &to.uid) || !arg_uint(env, call.argv[1], &to.gid) ||
      !read_numbers(env, call.argv[2], to.groups, MAX_GROUPS, &to.group_count) ||
      !read_numbers(env, call.argv[3], keep, 64, &count) || !arg_bool(env, call.argv[4], &to.no_new_privileges))
    return NULL;
  for (size_t i = 0; i < count; i++)
    if (keep[i] < 64) to.keep[keep[i] / 32] |= 1u << (keep[i] % 32);
  return result_int(env, run_on_every_thread(drop_this_thread, &to));
}

/** capabilities(): [low, high] words of the permitted set of this thread, or a negative errno. */
static napi_value js_capabilities(napi_env env, napi_callback_info info) {
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[2];
  napi_value result, word;
  (void)info;
  if (syscall(SYS_capget, &header, data) != 0) return result_int(env, -errno);
  napi_create_array_with_length(env, 2, &result);
  for (uint32_t i = 0; i < 2; i++) {
    napi_create_uint32(env, data[i].permitted, &word);
    napi_set_element(env, result, i, word);
  }
  return result;
}

struct name_space {
  int fd;
  int type;
};

/** A mount name space is refused to threads that share their working directory with others. */
static int enter_this_thread(const void *argument) {
  const struct name_space *to = argument;
  if (to->type == CLONE_NEWNS && unshare(CLONE_FS) != 0) return -errno;
  return setns(to->fd, to->type) == 0 ? 0 : -errno;
}

/** enterNamespace(path, mount): 0 or a negative errno. */
static napi_value js_enter_namespace(napi_env env, napi_callback_info info) {
  struct call call;
  char path[4096];
  bool mount;
  call_read(env, info, &call);
  if (!arg_text(env, call.argv[0], path, sizeof path, NULL) || !arg_bool(env, call.argv[1], &mount)) return NULL;
  struct name_space to = { .type = mount ? CLONE_NEWNS : CLONE_NEWNET };
  to.fd = open(path, O_RDONLY | O_CLOEXEC);
  if (to.fd < 0) return result_int(env, -errno);
  int result = run_on_every_thread(enter_this_thread, &to);
  close(to.fd);
  return result_int(env, result);
}

void privilege_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "dropPrivileges", js_drop_privileges);
  export_function(addon, exports, "capabilities", js_capabilities);
  export_function(addon, exports, "enterNamespace", js_enter_namespace);
}
