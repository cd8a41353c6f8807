/*
 * dgram-ext: the system calls that Node has no door to. No decision is made here: every function takes
 * numbers, bytes and text, does one thing, and returns its result or a negative errno; messages, defaults and
 * constants are TypeScript.
 *
 * One `struct addon` lives per Node environment (the main thread and each worker). Every descriptor that is
 * watched is a `struct watch`, known to JavaScript as an external value.
 */
#ifndef DGRAM_EXT_ADDON_H
#define DGRAM_EXT_ADDON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8
#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

/** What `receive` says about the last datagram. Shared memory: the offsets are repeated in socket.ts. */
struct received {
  double realtime_ms;          /*   0  NaN: no stamp */
  int32_t family;              /*   8  of the sender, 0: none */
  int32_t a;                   /*  12  port | ifindex | netlink pid */
  int32_t b;                   /*  16  scope id | Ethertype | netlink groups */
  int32_t packet_type;         /*  20  AF_PACKET only */
  int32_t address_length;      /*  24  of `address`; for AF_UNIX the path */
  int32_t ifindex;             /*  28  0: unknown */
  int32_t ttl;                 /*  32  -1: unknown */
  int32_t truncated;           /*  36 */
  int32_t destination_family;  /*  40  0: unknown */
  int32_t unused;              /*  44 */
  uint8_t destination[16];     /*  48 */
  uint8_t address[128];        /*  64 */
};
#define RECEIVED_SIZE 192        /* the bytes of the datagram follow at this offset */
#define RECEIVE_CAPACITY 262144  /* the longest datagram that `receive` can return */

struct requester;

struct addon {
  napi_env env;
  uv_loop_t *loop;
  napi_async_cleanup_hook_handle hook;
  bool closing;                 /* the environment ends: no JavaScript may be called */
  int handles;                  /* uv handles that are not closed yet */
  struct watch *watches;        /* open ones */
  struct requester *requesters; /* whose thread has not ended */
  napi_ref memory;              /* keeps `received` alive */
  struct received *received;
  uint8_t *bytes;               /* RECEIVE_CAPACITY bytes after `received` */
};

/* ---- watch.c: a descriptor, its uv_poll and its callback ---- */

struct watch {
  struct addon *addon;
  struct watch *previous, *next;
  int fd;                      /* -1: closed */
  uv_poll_t poll;
  bool polled;                 /* `poll` was initialised and its close has not been reported */
  bool collected;              /* JavaScript has forgotten the external value */
  bool unreferenced;           /* does not keep the loop alive */
  int events;                  /* what is watched now; 0: nothing */
  napi_ref callback;
  napi_ref self;               /* keeps the external alive while it is watched */
  void (*ready)(struct watch *watch);
  void (*on_close)(struct watch *watch);
  struct requester *requester; /* sockets that made an asynchronous request */
  int other;                   /* signals: the end of the pipe that the handler writes to */
};

/** Takes over `fd`. @returns the external value for JavaScript; NULL (exception pending) when memory is short */
napi_value watch_create(struct addon *addon, int fd, void (*ready)(struct watch *));
int watch_start(struct watch *watch, int events);
void watch_stop(struct watch *watch);
void watch_reference(struct watch *watch, bool reference);
/** Ends the watch at once and gives its descriptor away. @returns -EBADF when it was closed */
int watch_release(struct watch *watch);
/** Closes the descriptor at once; safe twice and inside its own callback. */
void watch_close(struct watch *watch);
/** Calls the watch's JavaScript callback and runs what that queued; exceptions become uncaught ones. */
void watch_call(struct watch *watch, size_t argc, const napi_value *argv);
/** For sockets: calls the callback without arguments. */
void watch_ready_plain(struct watch *watch);
void addon_call(struct addon *addon, napi_ref callback, size_t argc, const napi_value *argv);
void addon_handle_closed(struct addon *addon);

/* ---- request.c ---- */

void requester_stop(struct requester *requester);
void requesters_stop_all(struct addon *addon);

/* ---- threads.c: a function on every thread of the process ---- */

/** Runs `run` on the calling thread and, if that returned 0, on all others. Only system calls are allowed in `run`. */
int run_on_every_thread(int (*run)(const void *), const void *argument);
/** Calls `visit` with each thread id. @returns 0, the first result that is not 0, or -errno */
int for_each_thread(int (*visit)(int tid, const void *), const void *argument);
/** SCHED_RR priority given to the process, for threads that start later; 0: none. */
extern int realtime_priority;

/* ---- address.c ---- */

/** Packs the four arguments (family, address, a, b). @returns 0 or an errno */
int address_pack(napi_env env, const napi_value *argv, struct sockaddr_storage *to, socklen_t *length);
void address_unpack(const struct sockaddr_storage *from, socklen_t length, struct received *received);

/* ---- arguments and results ---- */

#define MAX_ARGS 10
struct call {
  struct addon *addon;
  size_t argc;
  napi_value argv[MAX_ARGS];
};
void call_read(napi_env env, napi_callback_info info, struct call *call);
/* Each throws a TypeError and returns false when the argument has the wrong type. */
bool arg_int(napi_env env, napi_value value, int32_t *out);
bool arg_uint(napi_env env, napi_value value, uint32_t *out);
bool arg_double(napi_env env, napi_value value, double *out);
bool arg_bool(napi_env env, napi_value value, bool *out);
bool arg_text(napi_env env, napi_value value, char *out, size_t size, size_t *length);
bool arg_bytes(napi_env env, napi_value value, uint8_t **data, size_t *length);
bool arg_watch(napi_env env, napi_value value, struct watch **out);
napi_value result_int(napi_env env, int32_t value);
napi_value result_double(napi_env env, double value);
bool is_nothing(napi_env env, napi_value value);

/* ---- what each file exports ---- */

void export_function(struct addon *addon, napi_value exports, const char *name, napi_callback function);
void watch_exports(struct addon *addon, napi_value exports);
void socket_exports(struct addon *addon, napi_value exports);
void address_exports(struct addon *addon, napi_value exports);
void stream_exports(struct addon *addon, napi_value exports);
void timer_exports(struct addon *addon, napi_value exports);
void request_exports(struct addon *addon, napi_value exports);
void signal_exports(struct addon *addon, napi_value exports);
void process_exports(struct addon *addon, napi_value exports);
void privilege_exports(struct addon *addon, napi_value exports);

#endif
