// Bundled from build/test/runtimes/page.js: the suite in a page of a browser, and in a worker of it, served under a policy that
// allows no evaluated code.

import { subjects } from '../conformance/transport-subjects.ts'
import { carried } from './link.ts'
import { runSuite } from './suite.ts'
import { portSubject, webSocketSubject } from './web-transports.ts'

const { location } = globalThis as unknown as { location: { origin: string } }
const scope = globalThis as {
  postMessage?(report: string): void
  document?: { body: { textContent: string | null } }
}

const NONE = 'a browser has no sockets'
const absent = {
  TCP: NONE,
  TLS: NONE,
  'Unix socket': NONE,
  'Node duplex': 'a browser has no Node streams',
  'stdio of a child': 'a browser runs no programs',
  'worker thread': 'the ports of a worker are those of the column beside it',
  'data channel': 'npm run test:webrtc joins the data channels of two pages, and of a page and Node',
  addresses: NONE,
  command: 'a browser runs no commands',
}
const name = scope.document === undefined ? 'Chromium, worker' : 'Chromium, page'
const own = [portSubject, webSocketSubject(location.origin)]
const transports = [...subjects, ...own].map((subject) => ({ link: carried(subject), subject }))
const report = JSON.stringify(await runSuite({ name, transports, absent }))
if (scope.document === undefined) scope.postMessage?.(report)
else scope.document.body.textContent = report
