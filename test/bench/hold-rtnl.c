/*
 * Holds the kernel's rtnl lock for some time, again and again, without using the CPU: SIOCGIFCONF copies its answer to user memory under
 * the lock, and that memory is a page that userfaultfd provides late.
 *
 *     hold-rtnl HOLD_MS PAUSE_MS
 *
 * Runs until it is killed. Prints one line when the lock was held for the first time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int faults;
static char *page;
static useconds_t hold, rest;

static void fail(const char *deed) {
  fprintf(stderr, "Cannot %s: %s\n", deed, strerror(errno));
  exit(1);
}

/** Answers each fault after a while: so long somebody waits in the kernel. */
static void *answer(void *nothing) {
  static char zeros[4096];
  struct uffd_msg message;
  (void)nothing;
  for (int first = 1; read(faults, &message, sizeof message) == sizeof message; first = 0) {
    if (first) printf("held\n"), fflush(stdout);
    usleep(hold);
    struct uffdio_copy copy = { .dst = (unsigned long)page, .src = (unsigned long)zeros, .len = 4096 };
    if (ioctl(faults, UFFDIO_COPY, &copy) != 0) fail("provide the page");
  }
  return NULL;
}

int main(int count, char **words) {
  pthread_t thread;
  struct uffdio_api api = { .api = UFFD_API };
  if (count != 3) return 2;
  prctl(PR_SET_PDEATHSIG, 9);
  hold = (useconds_t)(atof(words[1]) * 1000);
  rest = (useconds_t)(atof(words[2]) * 1000);
  faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  if (faults < 0 || ioctl(faults, UFFDIO_API, &api) != 0) fail("open userfaultfd");
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register range = { .range = { .start = (unsigned long)page, .len = 4096 }, .mode = UFFDIO_REGISTER_MODE_MISSING };
  if (ioctl(faults, UFFDIO_REGISTER, &range) != 0) fail("register a page");
  if (pthread_create(&thread, NULL, answer, NULL) != 0) fail("start a thread");
  int asker = socket(AF_INET, SOCK_DGRAM, 0);
  for (;;) {
    struct ifconf question = { .ifc_len = 4096, .ifc_buf = page };
    if (ioctl(asker, SIOCGIFCONF, &question) != 0) fail("ask for the addresses");
    madvise(page, 4096, MADV_DONTNEED);
    usleep(rest);
  }
}
