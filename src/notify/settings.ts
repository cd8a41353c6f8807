/** What telling people needs: scripts to run, FIFOs to write, mail to send. Plain JSON. */
import type { Endpoint } from "../base/address.ts";

/** A command as argv, already split (config-language 15, 16), with the account that runs it. */
export type CommandSettings = {
  readonly argv: readonly string[];
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Where it stands: `FILE:LINE`, for messages. */
  readonly at: string;
};

export type InstanceNotify = {
  readonly kind: "instance" | "group";
  readonly name: string;
  readonly master: CommandSettings | undefined;
  readonly backup: CommandSettings | undefined;
  readonly fault: CommandSettings | undefined;
  readonly stop: CommandSettings | undefined;
  readonly deleted: CommandSettings | undefined;
  /** notify_deleted, with or without a command: removal by a reload is told as DELETED, else as FAULT. */
  readonly reportDeleted: boolean;
  readonly masterRxLowerPriority: CommandSettings | undefined;
  readonly generic: CommandSettings | undefined;
  readonly mail: boolean;
  readonly priorityChanges: boolean;
};

/** Services and servers by the names that events carry: `[192.0.2.1]:tcp:80`. */
export type ServerNotify = {
  readonly service: string;
  readonly server: string;
  readonly up: CommandSettings | undefined;
  readonly down: CommandSettings | undefined;
  readonly mail: boolean;
};

export type ServiceNotify = {
  readonly service: string;
  readonly quorumUp: CommandSettings | undefined;
  readonly quorumDown: CommandSettings | undefined;
  readonly mail: boolean;
  readonly omega: boolean;
};

export type FifoSettings = {
  readonly path: string;
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** The program that reads it, started with the path as its last argument. */
  readonly script: CommandSettings | undefined;
};

export type NotifySettings = {
  readonly instances: readonly InstanceNotify[];
  readonly services: readonly ServiceNotify[];
  readonly servers: readonly ServerNotify[];
  readonly fifos: {
    readonly all: FifoSettings | undefined;
    readonly vrrp: FifoSettings | undefined;
    readonly lvs: FifoSettings | undefined;
  };
  /** Default account of scripts (script_user), undefined = keepalived_script if it exists, else root. */
  readonly scriptUser: { readonly user: string; readonly group: string | undefined } | undefined;
  readonly scriptSecurity: boolean;
  readonly scriptTimeoutMs: number;
};

export type MailSettings = {
  readonly recipients: readonly string[];
  readonly from: string;
  /** A name is resolved by the mailer, at each attempt. */
  readonly relay: { readonly host: string; readonly port: number };
  readonly helo: string | undefined;
  readonly connectTimeoutMs: number;
  readonly routerId: string;
  readonly faults: boolean;
};

/** A vrrp_script: run by vipd, its verdict becomes a `Fact`. */
export type TrackScriptSettings = {
  readonly name: string;
  readonly command: CommandSettings;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  readonly weight: number;
  /** Whoever tracks it without a weight of his own counts its success as failure, and the reverse. */
  readonly reverse: boolean;
};

export type { Endpoint };
