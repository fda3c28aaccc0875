import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** The service, when it is at another origin than the page (docs/guides/web.md). */
const service = process.env.VITE_API_ORIGIN;
/** What else the page may reach then: storage that delivers recordings, Sentry, analytics. */
const others = (process.env.VITE_CONNECT_ORIGINS ?? '').split(' ').filter(Boolean);

/**
 * Served by the service, the page has the service's own policy in a header; from elsewhere it brings one along, in
 * the page itself.
 * @type {import('@sveltejs/kit').CspDirectives}
 */
const policy = service && {
  'default-src': ['self'],
  'style-src': ['self', 'unsafe-inline'],
  'img-src': ['self', 'data:', 'blob:', ...others],
  'media-src': ['self', 'blob:'],
  'font-src': ['self', 'data:'],
  'worker-src': ['self', 'blob:'],
  'connect-src': ['self', service, service.replace(/^http/, 'ws'), ...others],
  'object-src': ['none'],
  'base-uri': ['self'],
  'form-action': ['self'],
};

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    // One page for every address: the service (or a CDN) answers unknown paths with it.
    adapter: adapter({
      pages: process.env.GENESIS_WEB_BUILD ?? 'build',
      fallback: '200.html',
      precompress: true,
    }),
    // The one inline script that SvelteKit writes is allowed by its hash; the rest of the policy is the server's header.
    // Analytics is let in here only so that the header can decide: without a configured id the header forbids it.
    csp: {
      mode: 'hash',
      directives: {
        ...policy,
        'script-src': ['self', 'wasm-unsafe-eval', 'https://*.googletagmanager.com'],
      },
    },
    alias: { $messages: 'src/messages' },
    // src/hooks.client.ts does, when what was asked for is on the page.
    serviceWorker: { register: false },
  },
};
