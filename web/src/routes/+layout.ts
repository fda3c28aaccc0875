// A static application: pages are drawn in the browser, from one file that every address answers with.
export const ssr = false;
export const prerender = false;
