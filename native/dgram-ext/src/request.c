/*
 * Netlink requests on a thread: the kernel runs them inside send, under its rtnl lock, which others may hold for
 * a long time. A socket that asks for this gets a thread of its own and a duplicate of its descriptor, so that
 * the socket can be closed at any moment; jobs run one at a time, in order. A job that is cut off by a close ends
 * with ECANCELED.
 */
#include "addon.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct reply {
  struct reply *next;
  size_t length;
  uint8_t data[];
};

struct job {
  struct job *next;
  napi_ref callback;       /* (error, replies) */
  uint8_t *data;
  size_t length;
  int acks;                /* NLMSG_ERROR messages to wait for; -1: a dump */
  int timeout_ms;
  uint32_t first, last;    /* sequence numbers of the request: other answers are of an older one */
  int error;               /* result: 0 or an errno */
  uint32_t reply_count;
  struct reply *replies, **replies_end;
};

struct requester {
  struct addon *addon;
  struct requester *previous, *next;
  uv_async_t async;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int fd;                  /* our duplicate */
  int wake;                /* eventfd: readable once we are to stop */
  int pending;             /* jobs whose callback has not been called; main thread only */
  /* under `lock`: */
  struct job *todo, **todo_end;
  struct job *done, **done_end;
  bool stop, ended;
};

#define SCRATCH 65536 /* the kernel sends at most 32 kB at a time */

/* ---- on the thread ---- */

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** @returns 0 when the socket is ready, ECANCELED when we are to stop, ETIMEDOUT, or another errno */
static int wait_for(const struct requester *requester, short events, int64_t deadline) {
  struct pollfd polled[2] = { { .fd = requester->fd, .events = events }, { .fd = requester->wake, .events = POLLIN } };
  for (;;) {
    int64_t left = deadline - now_ms();
    int count = poll(polled, 2, left > 0 ? (int)left : 0);
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0 && polled[1].revents != 0) return ECANCELED;
    if (count > 0) return 0;
    if (count == 0 && left <= 0) return ETIMEDOUT;
  }
}

static int send_job(const struct requester *requester, const struct job *job, int64_t deadline) {
  for (;;) {
    if (send(requester->fd, job->data, job->length, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return 0;
    if (errno != EAGAIN && errno != EINTR) return errno;
    int error = errno == EAGAIN ? wait_for(requester, POLLOUT, deadline) : 0;
    if (error != 0) return error;
  }
}

static bool keep_reply(struct job *job, const uint8_t *data, size_t length) {
  struct reply *reply = malloc(sizeof *reply + length);
  if (reply == NULL) return false;
  reply->next = NULL;
  reply->length = length;
  memcpy(reply->data, data, length);
  *job->replies_end = reply;
  job->replies_end = &reply->next;
  job->reply_count++;
  return true;
}

/** Looks through one datagram. @returns whether the answer is complete now; `ours`: it answers this request */
static bool complete(const struct job *job, const uint8_t *data, size_t length, int *acks, bool *ours) {
  size_t at = 0;
  *ours = false;
  while (length - at >= sizeof(struct nlmsghdr)) {
    struct nlmsghdr header;
    memcpy(&header, data + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length - at) break;
    if (header.nlmsg_seq - job->first <= job->last - job->first) {
      int error = 0;
      *ours = true;
      if (header.nlmsg_type == NLMSG_ERROR) {
        ++*acks;
        if (header.nlmsg_len >= sizeof header + sizeof error) memcpy(&error, data + at + sizeof header, sizeof error);
      }
      if (job->acks >= 0 && *acks >= job->acks) return true;
      if (job->acks < 0 && (header.nlmsg_type == NLMSG_DONE || error != 0)) return true; /* refused, or whole */
    }
    size_t step = NLMSG_ALIGN(header.nlmsg_len);
    if (step > length - at) break;
    at += step;
  }
  return false;
}

static int receive_job(const struct requester *requester, struct job *job, int64_t deadline, uint8_t *scratch) {
  int acks = 0;
  for (;;) {
    struct sockaddr_nl from;
    socklen_t from_length = sizeof from;
    ssize_t length = recvfrom(requester->fd, scratch, SCRATCH, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from,
                              &from_length);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno != EAGAIN) return errno;
    if (length < 0) {
      int error = wait_for(requester, POLLIN, deadline);
      if (error != 0) return error;
      continue;
    }
    if (length > SCRATCH) return EMSGSIZE;
    bool ours = false;
    bool done = from.nl_pid == 0 && complete(job, scratch, (size_t)length, &acks, &ours);
    if (ours && !keep_reply(job, scratch, (size_t)length)) return ENOMEM;
    if (done) return 0;
  }
}

static struct job *next_job(struct requester *requester) {
  pthread_mutex_lock(&requester->lock);
  while (requester->todo == NULL && !requester->stop) pthread_cond_wait(&requester->changed, &requester->lock);
  struct job *job = requester->todo;
  if (job != NULL) {
    requester->todo = job->next;
    if (requester->todo == NULL) requester->todo_end = &requester->todo;
    if (requester->stop) job->error = ECANCELED;
  } else {
    requester->ended = true;
  }
  pthread_mutex_unlock(&requester->lock);
  return job;
}

static void job_done(struct requester *requester, struct job *job) {
  job->next = NULL;
  pthread_mutex_lock(&requester->lock);
  *requester->done_end = job;
  requester->done_end = &job->next;
  pthread_mutex_unlock(&requester->lock);
  uv_async_send(&requester->async);
}

/** SCHED_RESET_ON_FORK holds for threads too; a refusal leaves this one at the ordinary priority. */
static void follow_priority(void) {
  struct sched_param parameter = { .sched_priority = realtime_priority };
  if (realtime_priority > 0) sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameter);
}

static void *requester_main(void *data) {
  struct requester *requester = data;
  uint8_t *scratch = malloc(SCRATCH);
  struct job *job;
  follow_priority();
  while ((job = next_job(requester)) != NULL) {
    int64_t deadline = now_ms() + job->timeout_ms;
    if (scratch == NULL) job->error = ENOMEM;
    if (job->error == 0) job->error = send_job(requester, job, deadline);
    if (job->error == 0) job->error = receive_job(requester, job, deadline, scratch);
    job_done(requester, job);
  }
  free(scratch);
  uv_async_send(&requester->async); /* the last thing: the loop joins us */
  return NULL;
}

/* ---- on the loop ---- */

static void free_job(struct addon *addon, struct job *job) {
  while (job->replies != NULL) {
    struct reply *next = job->replies->next;
    free(job->replies);
    job->replies = next;
  }
  if (job->callback != NULL) napi_delete_reference(addon->env, job->callback);
  free(job->data);
  free(job);
}

static void report(struct addon *addon, const struct job *job) {
  napi_value argv[2], buffer;
  uint32_t index = 0;
  napi_create_int32(addon->env, job->error, &argv[0]);
  if (napi_create_array_with_length(addon->env, job->reply_count, &argv[1]) != napi_ok) return;
  for (const struct reply *reply = job->replies; reply != NULL; reply = reply->next) {
    if (napi_create_buffer_copy(addon->env, reply->length, reply->data, NULL, &buffer) != napi_ok) return;
    napi_set_element(addon->env, argv[1], index++, buffer);
  }
  addon_call(addon, job->callback, 2, argv);
}

static void on_requester_closed(uv_handle_t *handle) {
  struct requester *requester = handle->data;
  struct addon *addon = requester->addon;
  pthread_mutex_destroy(&requester->lock);
  pthread_cond_destroy(&requester->changed);
  free(requester);
  addon_handle_closed(addon);
}

static void finish(struct requester *requester) {
  pthread_join(requester->thread, NULL);
  close(requester->fd);
  close(requester->wake);
  if (requester->next != NULL) requester->next->previous = requester->previous;
  if (requester->previous != NULL) requester->previous->next = requester->next;
  else requester->addon->requesters = requester->next;
  uv_close((uv_handle_t *)&requester->async, on_requester_closed);
}

static struct job *take_done(struct requester *requester, bool *ended) {
  pthread_mutex_lock(&requester->lock);
  struct job *job = requester->done;
  if (job != NULL) requester->done = job->next;
  if (requester->done == NULL) requester->done_end = &requester->done;
  *ended = requester->ended && job == NULL;
  pthread_mutex_unlock(&requester->lock);
  return job;
}

static void on_async(uv_async_t *async) {
  struct requester *requester = async->data;
  struct addon *addon = requester->addon;
  napi_handle_scope scope;
  struct job *job;
  bool ended;
  while ((job = take_done(requester, &ended)) != NULL) {
    if (!addon->closing) {
      napi_open_handle_scope(addon->env, &scope);
      if (--requester->pending == 0) uv_unref((uv_handle_t *)async);
      report(addon, job);
      napi_close_handle_scope(addon->env, scope);
    }
    free_job(addon, job);
  }
  if (ended) finish(requester);
}

void requester_stop(struct requester *requester) {
  uint64_t one = 1;
  pthread_mutex_lock(&requester->lock);
  requester->stop = true;
  pthread_cond_signal(&requester->changed);
  pthread_mutex_unlock(&requester->lock);
  if (write(requester->wake, &one, sizeof one) < 0) return; /* cannot fail: the counter is 0 */
}

/** The environment ends: a loop without a referenced handle would not be polled, and the threads never be joined. */
void requesters_stop_all(struct addon *addon) {
  for (struct requester *requester = addon->requesters; requester != NULL; requester = requester->next) {
    uv_ref((uv_handle_t *)&requester->async);
    requester_stop(requester);
  }
}

/** Signals are for the other threads. */
static int start_thread(struct requester *requester) {
  sigset_t all, before;
  pthread_attr_t attributes;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&requester->thread, &attributes, requester_main, requester);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error;
}

/** @returns 0 or an errno */
static int requester_start(struct watch *watch) {
  struct addon *addon = watch->addon;
  struct requester *requester = calloc(1, sizeof *requester);
  int error;
  if (requester == NULL) return ENOMEM;
  requester->addon = addon;
  requester->todo_end = &requester->todo;
  requester->done_end = &requester->done;
  requester->fd = fcntl(watch->fd, F_DUPFD_CLOEXEC, 0);
  requester->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pthread_mutex_init(&requester->lock, NULL);
  pthread_cond_init(&requester->changed, NULL);
  error = requester->fd < 0 || requester->wake < 0 ? errno : 0;
  if (error == 0) error = -uv_async_init(addon->loop, &requester->async, on_async);
  if (error != 0) {
    if (requester->fd >= 0) close(requester->fd);
    if (requester->wake >= 0) close(requester->wake);
    free(requester);
    return error;
  }
  requester->async.data = requester;
  addon->handles++;
  uv_unref((uv_handle_t *)&requester->async);
  error = start_thread(requester);
  if (error != 0) {
    close(requester->fd);
    close(requester->wake);
    uv_close((uv_handle_t *)&requester->async, on_requester_closed);
    return error;
  }
  requester->next = addon->requesters;
  if (addon->requesters != NULL) addon->requesters->previous = requester;
  addon->requesters = requester;
  watch->requester = requester;
  return 0;
}

static void read_sequences(struct job *job) {
  struct nlmsghdr header;
  size_t at = 0;
  while (job->length - at >= sizeof header) {
    memcpy(&header, job->data + at, sizeof header);
    if (at == 0) job->first = header.nlmsg_seq;
    job->last = header.nlmsg_seq;
    size_t step = NLMSG_ALIGN(header.nlmsg_len);
    if (step < sizeof header || step > job->length - at) break;
    at += step;
  }
}

static void enqueue(struct requester *requester, struct job *job) {
  if (requester->pending++ == 0) uv_ref((uv_handle_t *)&requester->async);
  pthread_mutex_lock(&requester->lock);
  *requester->todo_end = job;
  requester->todo_end = &job->next;
  pthread_cond_signal(&requester->changed);
  pthread_mutex_unlock(&requester->lock);
}

/** requestAsync(handle, data, acks | -1, timeoutMs, callback(error, replies)): 0 or a negative errno. */
static napi_value js_request_async(napi_env env, napi_callback_info info) {
  struct call call;
  struct watch *watch;
  uint8_t *data;
  size_t length;
  int32_t acks, timeout;
  call_read(env, info, &call);
  if (!arg_watch(env, call.argv[0], &watch) || !arg_bytes(env, call.argv[1], &data, &length) ||
      !arg_int(env, call.argv[2], &acks) || !arg_int(env, call.argv[3], &timeout))
    return NULL;
  if (watch->fd < 0) return result_int(env, -EBADF);
  int error = watch->requester == NULL ? requester_start(watch) : 0;
  if (error != 0) return result_int(env, -error);
  struct job *job = calloc(1, sizeof *job);
  uint8_t *copy = malloc(length > 0 ? length : 1);
  if (job == NULL || copy == NULL) {
    free(job);
    free(copy);
    return result_int(env, -ENOMEM);
  }
  memcpy(copy, data, length);
  job->data = copy;
  job->length = length;
  job->acks = acks;
  job->timeout_ms = timeout;
  job->replies_end = &job->replies;
  read_sequences(job);
  napi_create_reference(env, call.argv[4], 1, &job->callback);
  enqueue(watch->requester, job);
  return result_int(env, 0);
}

void request_exports(struct addon *addon, napi_value exports) {
  export_function(addon, exports, "requestAsync", js_request_async);
}
