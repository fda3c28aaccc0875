/** Whether a text is a link to a song that may be sent; the service has the last word. */
import { m } from '$messages';

/** Why a link is not taken, in words; empty when it may be. `hosts` are those the service takes; null: not known. */
export function linkFault(text: string, hosts: readonly string[] | null): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return m.transcribe.link.notALink;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return m.transcribe.link.notALink;
  if (hosts === null || hosts.some((host) => isWithin(url.hostname, host))) return '';
  return hosts.length ? m.transcribe.link.notTaken(hosts.join(', ')) : m.transcribe.link.notAllowed;
}

function isWithin(name: string, host: string): boolean {
  return name === host || name.endsWith(`.${host}`);
}
