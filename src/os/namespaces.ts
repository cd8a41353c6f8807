/** @param name as in `ip netns`, or a path @returns where the kernel offers that network namespace */
export function namespacePath(name: string): string {
  return name.startsWith("/") ? name : `/run/netns/${name}`;
}
