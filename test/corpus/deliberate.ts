/**
 * Where vipd and keepalived -t come to different ends on purpose: docs/moving-from-keepalived.md tells admins the same. A difference
 * that no row here explains is a defect of vipd.
 */
export type Deliberate = {
  readonly result: "stricter" | "laxer";
  /** In what vipd says (stricter) or what keepalived says (laxer). */
  readonly pattern: RegExp;
  readonly why: string;
};

export const deliberate: readonly Deliberate[] = [
  {
    result: "laxer",
    pattern: /VRF interface \S+ doesn't exist/,
    why: "a VRF that this machine lacks concerns this machine, not the file",
  },
];
