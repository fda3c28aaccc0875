/** Signing in leads back to where one came from. */

/** Pages that anybody may see; all others show something of one's own. */
const PUBLIC = ['/sign-in', '/sign-up', '/forgot-password', '/reset-password'];

/** Whether a page is of use without signing in. */
export function isPublic(path: string): boolean {
  return path === '/' || PUBLIC.includes(path) || path.startsWith('/shared/');
}

/** The address of a sign-in page that leads back to `path` (with its query). */
export function withWayBack(page: string, path: string): string {
  return path === '/' || PUBLIC.some((one) => path.startsWith(one))
    ? page
    : `${page}?to=${encodeURIComponent(path)}`;
}

/** Where to go after signing in: only to pages of our own, whatever a link says. */
export function wayBack(query: URLSearchParams): string {
  const to = query.get('to') ?? '/';
  const here = 'https://here.invalid';
  try {
    const url = new URL(to, here);
    return to.startsWith('/') && url.origin === here ? url.pathname + url.search + url.hash : '/';
  } catch {
    return '/';
  }
}
