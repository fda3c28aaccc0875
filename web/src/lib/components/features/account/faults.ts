/** Where a form shows what the service found wrong with it. */
import type { Failure } from '$lib/services/api';

export interface Faults {
  email?: string;
  password?: string;
  current?: string;
  /** What belongs to no field. */
  other?: string;
}

/** Fields by the names that the service uses for them. */
const FIELDS: Record<string, keyof Faults> = {
  'body.email': 'email',
  'body.password': 'password',
  'body.new_password': 'password',
  'body.current_password': 'current',
};

/** Sort a failure to the fields it is about. */
export function faultsOf({ code, message, problem }: Failure): Faults {
  if (code === 'weak-password') return { password: message };
  if (code === 'wrong-password') return { current: message };
  const faults: Faults = {};
  for (const { field, message: words } of problem?.errors ?? []) {
    const name = FIELDS[field];
    if (name) faults[name] = words;
  }
  return Object.keys(faults).length ? faults : { other: message };
}
