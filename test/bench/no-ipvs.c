/*
 * For keepalived on a machine without IPVS: stands between it and libnl, answers what it asks of IPVS, changes nothing, and writes every
 * change down, as vipd does with --dry-run=ipvs: `<unix ns> <genl command number>`, to the file that NOIPVS_LOG names.
 *
 *     cc -shared -fPIC -O2 -o no-ipvs.so no-ipvs.c; LD_PRELOAD=./no-ipvs.so keepalived …
 *
 * libnl's own headers are not needed: of its objects only pointers pass through here.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct nl_sock;
struct nl_msg;
typedef int (*on_message)(struct nl_msg *, void *);

/* of libnl */
struct nl_msg *nlmsg_alloc(void);
void nlmsg_free(struct nl_msg *);
struct nlmsghdr *nlmsg_hdr(struct nl_msg *);
void *genlmsg_put(struct nl_msg *, uint32_t port, uint32_t sequence, int family, int header, int flags, uint8_t command, uint8_t version);
int nla_put(struct nl_msg *, int type, int length, const void *data);

/** Kinds of callbacks, as libnl numbers them. */
enum { VALID = 0, FINISH = 1, ACK = 4, KINDS = 16 };
enum { FAMILY = 77, IPVS_1_2_1 = 0x010201 };

static struct { on_message function; void *argument; } callbacks[KINDS];
static int last_command;

int genl_connect(struct nl_sock *socket) { return (void)socket, 0; }

int genl_ctrl_resolve(struct nl_sock *socket, const char *name) { return (void)socket, (void)name, FAMILY; }

int nl_socket_modify_cb(struct nl_sock *socket, int type, int kind, on_message function, void *data) {
  (void)socket, (void)kind;
  if (type >= 0 && type < KINDS) callbacks[type].function = function, callbacks[type].argument = data;
  return 0;
}

static void call(int type, struct nl_msg *message) {
  if (callbacks[type].function != NULL) callbacks[type].function(message, callbacks[type].argument);
}

static int is_change(int command) {
  switch (command) {
    case IPVS_CMD_GET_SERVICE: case IPVS_CMD_GET_DEST: case IPVS_CMD_GET_DAEMON: case IPVS_CMD_GET_CONFIG: case IPVS_CMD_GET_INFO: return 0;
    default: return 1;
  }
}

static void write_down(int command) {
  static int file = -1;
  struct timespec now;
  char line[64];
  const char *path = getenv("NOIPVS_LOG");
  if (path == NULL) return;
  if (file < 0) file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  clock_gettime(CLOCK_REALTIME, &now);
  int length = snprintf(line, sizeof line, "%lld%09ld %d\n", (long long)now.tv_sec, now.tv_nsec, command);
  if (write(file, line, length) != length) abort();
}

int nl_send_auto(struct nl_sock *socket, struct nl_msg *message) {
  const struct genlmsghdr *header = NLMSG_DATA(nlmsg_hdr(message));
  (void)socket;
  last_command = header->cmd;
  if (is_change(last_command)) write_down(last_command);
  return (int)nlmsg_hdr(message)->nlmsg_len;
}

/** The only question that gets an answer is that for the version; tables are empty, and every change is acknowledged. */
int nl_recvmsgs_default(struct nl_sock *socket) {
  uint32_t version = IPVS_1_2_1, connections = 4096;
  struct nl_msg *answer = nlmsg_alloc();
  (void)socket;
  genlmsg_put(answer, 0, 0, FAMILY, 0, 0, IPVS_CMD_SET_INFO, 1);
  nla_put(answer, IPVS_INFO_ATTR_VERSION, sizeof version, &version);
  nla_put(answer, IPVS_INFO_ATTR_CONN_TAB_SIZE, sizeof connections, &connections);
  if (last_command == IPVS_CMD_GET_INFO) call(VALID, answer);
  call(FINISH, answer);
  call(ACK, answer);
  nlmsg_free(answer);
  return 0;
}
