/** Exit codes that commands share; those of the daemon and of `-t` are decision 11. */

/** Words behind a command that it does not know (EX_USAGE of sysexits.h); 1 is for what it was asked to find out or to do. */
export const WRONG_WORDS = 64;
