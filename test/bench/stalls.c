/*
 * Says when the machine itself stood still: a thread a processor, of a higher realtime priority than anything that is measured, sleeps 2 ms
 * at a time, and prints by how much it woke up late: `<unix ms of the wish> <unix ms of the waking>`, where it was half a millisecond or more.
 *
 *     stalls
 *
 * Runs until it is killed.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_NS = 2000000, PRIORITY = 90 };
static const double WORTH_TELLING_MS = 0.5;

static double ms(struct timespec at) { return at.tv_sec * 1e3 + at.tv_nsec / 1e6; }

static void *watch(void *processor) {
  cpu_set_t only;
  struct sched_param priority = { .sched_priority = PRIORITY };
  struct timespec wish, now;
  CPU_ZERO(&only);
  CPU_SET((int)(long)processor, &only);
  if (sched_setaffinity(0, sizeof only, &only) != 0 || sched_setscheduler(0, SCHED_FIFO, &priority) != 0) {
    perror("Cannot watch a processor");
    exit(1);
  }
  for (;;) {
    clock_gettime(CLOCK_REALTIME, &wish);
    wish.tv_nsec += PERIOD_NS;
    if (wish.tv_nsec >= 1000000000) wish.tv_sec += 1, wish.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &wish, NULL);
    clock_gettime(CLOCK_REALTIME, &now);
    if (ms(now) - ms(wish) >= WORTH_TELLING_MS) printf("%.3f %.3f\n", ms(wish), ms(now)), fflush(stdout);
  }
  return NULL;
}

int main(void) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  prctl(PR_SET_PDEATHSIG, 9);
  printf("watching\n"), fflush(stdout);
  for (long processor = 0; processor < processors; processor++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, watch, (void *)processor) != 0) return 1;
  }
  pause();
}
