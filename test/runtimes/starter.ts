// Bundled from build/test/runtimes/starter.js: starts the suite in a dedicated worker of a page, and shows its report there. The only
// script URL the policy of the page lets through.

interface Policy {
  createScriptURL(url: string): string
}
interface Page {
  readonly document: { readonly body: { textContent: string | null } }
  readonly trustedTypes: { createPolicy(name: string, rules: Policy): Policy }
  readonly Worker: new (
    url: string,
    options: { type: 'module' },
  ) => { onmessage: (event: { data: string }) => void; onerror: (event: { message?: string }) => void }
}

const { document, trustedTypes, Worker } = globalThis as unknown as Page
const policy = trustedTypes.createPolicy('suite', { createScriptURL: (url) => url })
const worker = new Worker(policy.createScriptURL('/suite.js'), { type: 'module' })
worker.onmessage = ({ data }) => {
  document.body.textContent = data
}
worker.onerror = ({ message }) => {
  document.body.textContent = JSON.stringify({ failed: message ?? 'the worker could not be started' })
}
