/** Whether a text is a link to a song that may be sent; the service has the last word. */
import { m } from '$messages';

/** Why a link is not taken, in words; empty when it may be. */
export function linkFault(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return m.transcribe.link.notALink;
  }
  return url.protocol === 'https:' || url.protocol === 'http:' ? '' : m.transcribe.link.notALink;
}
