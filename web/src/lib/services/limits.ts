/** What the service takes. */

export interface Limits {
  mostBytes: number;
  mostSeconds: number;
}

/** As the service has them unless its operator changed them. */
export const USUAL_LIMITS: Limits = { mostBytes: 500 * 1024 * 1024, mostSeconds: 2 * 3600 };
