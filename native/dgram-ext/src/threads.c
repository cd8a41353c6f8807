/*
 * Things that Linux keeps per thread: scheduling, capabilities, namespaces. Node has a dozen threads, so what is
 * meant for the process must be done on each of them.
 */
#include "addon.h"

#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int realtime_priority = 0;

int for_each_thread(int (*visit)(int tid, const void *), const void *argument) {
  DIR *directory = opendir("/proc/self/task");
  struct dirent *entry;
  int result = 0;
  if (directory == NULL) return -errno;
  while (result == 0 && (entry = readdir(directory)) != NULL) {
    int tid = atoi(entry->d_name);
    if (tid > 0) result = visit(tid, argument);
  }
  closedir(directory);
  return result;
}

/*
 * A thread changes its capabilities only itself, so each is interrupted by a signal whose handler makes the
 * system calls. Some of Node's threads block every signal that can be blocked; signal 32, glibc's own for
 * pthread_cancel (which Node never uses), is the one that glibc lets nobody block. It is borrowed for the moment;
 * glibc's setuid does the same with signal 33.
 */
#define BORROWED_SIGNAL 32
#define MAX_THREADS 1024

/** struct sigaction as the kernel knows it, on x86-64 and arm64: glibc's sigaction refuses signal 32. */
struct kernel_sigaction {
  void (*handler)(int, siginfo_t *, void *);
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};

static pthread_mutex_t broadcast_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
  int (*run)(const void *);
  const void *argument;
  int result;
  sem_t done;
  int finished[MAX_THREADS]; /* thread ids */
  int count;
  bool progress;
} broadcast;

static void on_borrowed_signal(int signal, siginfo_t *info, void *context) {
  int saved = errno;
  (void)signal;
  (void)context;
  if (info->si_code != SI_TKILL || info->si_pid != getpid() || broadcast.run == NULL) return;
  int result = broadcast.run(broadcast.argument);
  if (result != 0) __atomic_store_n(&broadcast.result, result, __ATOMIC_SEQ_CST);
  sem_post(&broadcast.done);
  errno = saved;
}

/** The kernel wants a return trampoline; glibc has one, which it shows after an ordinary sigaction. */
static int build_action(struct kernel_sigaction *action) {
  struct sigaction ours = { .sa_sigaction = on_borrowed_signal, .sa_flags = SA_SIGINFO | SA_RESTART }, before;
  sigfillset(&ours.sa_mask);
  if (sigaction(SIGRTMAX, &ours, &before) != 0) return -errno;
  long result = syscall(SYS_rt_sigaction, SIGRTMAX, NULL, action, sizeof action->mask);
  sigaction(SIGRTMAX, &before, NULL);
  return result == 0 ? 0 : -errno;
}

static bool is_finished(int tid) {
  for (int i = 0; i < broadcast.count; i++)
    if (broadcast.finished[i] == tid) return true;
  return false;
}

/** Waits for the handler, or for the end of its thread. */
static void wait_for_thread(int tid) {
  for (;;) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 10000000;
    if (until.tv_nsec >= 1000000000) {
      until.tv_sec++;
      until.tv_nsec -= 1000000000;
    }
    if (sem_timedwait(&broadcast.done, &until) == 0) return;
    if (errno == ETIMEDOUT && syscall(SYS_tgkill, getpid(), tid, 0) != 0) return;
  }
}

static int interrupt(int tid, const void *argument) {
  (void)argument;
  if (is_finished(tid)) return 0;
  if (broadcast.count == MAX_THREADS) return -EAGAIN;
  broadcast.finished[broadcast.count++] = tid;
  broadcast.progress = true;
  if (syscall(SYS_tgkill, getpid(), tid, BORROWED_SIGNAL) == 0) wait_for_thread(tid);
  return __atomic_load_n(&broadcast.result, __ATOMIC_SEQ_CST);
}

/** Until a pass finds no new thread: one that was not reached yet may have started another. */
static int interrupt_all(void) {
  int result;
  do {
    broadcast.progress = false;
    result = for_each_thread(interrupt, NULL);
  } while (result == 0 && broadcast.progress);
  return result;
}

int run_on_every_thread(int (*run)(const void *), const void *argument) {
  struct kernel_sigaction action, before;
  pthread_mutex_lock(&broadcast_lock);
  int result = build_action(&action);
  if (result == 0) result = run(argument);
  if (result == 0 && syscall(SYS_rt_sigaction, BORROWED_SIGNAL, &action, &before, sizeof action.mask) != 0)
    result = -errno;
  else if (result == 0) {
    sem_init(&broadcast.done, 0, 0);
    broadcast.run = run;
    broadcast.argument = argument;
    broadcast.result = 0;
    broadcast.finished[0] = (int)syscall(SYS_gettid);
    broadcast.count = 1;
    result = interrupt_all();
    broadcast.run = NULL;
    syscall(SYS_rt_sigaction, BORROWED_SIGNAL, &before, NULL, sizeof action.mask);
    sem_destroy(&broadcast.done);
  }
  pthread_mutex_unlock(&broadcast_lock);
  return result;
}
