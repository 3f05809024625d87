// The page of `braid serve --web`: puts its parts together over one session. Everything it shows comes over that one WebSocket.

import type { Session } from 'braidwire'
import { Chat } from './chat.ts'
import { Connection, type Kind } from './connection.ts'
import { Downloads } from './downloads.ts'
import { byId, setText } from './elements.ts'
import { Figures } from './figures.ts'
import { Folder } from './folder.ts'
import { Preview } from './preview.ts'

const downloads = new Downloads()
const preview = new Preview()
const chat = new Chat()
const figures = new Figures()
let current: Session | undefined
/** A token was typed, and nothing came of it yet. */
let typed = false
const folder = new Folder({
  preview: (path, entry) => {
    if (current !== undefined) void preview.show(current, path, entry)
  },
  download: (path, size) => downloads.add(path, size),
})

const connection = new Connection({ changed, began })

function changed(kind: Kind, text: string, problem = ''): void {
  const state = byId('state')
  state.dataset.kind = kind
  setText(state, text)
  byId('again').hidden = kind !== 'lost'
  byId('token-card').hidden = kind !== 'token'
  setText(byId('token-wrong'), problem)
  if (kind === 'token') byId('token').focus()
}

function began(session: Session): void {
  current = session
  byId('desk').hidden = false
  for (const part of [folder, downloads, chat, figures]) part.use(session)
  // The form where they were is gone.
  if (typed) byId('folder').focus()
  typed = false
}

byId('again').addEventListener('click', () => void connection.begin())
byId('skip').addEventListener('click', (click) => {
  // The address behind the # names the folder.
  click.preventDefault()
  byId('folder').focus()
})
byId('token-form').addEventListener('submit', (submit) => {
  submit.preventDefault()
  const field = byId<HTMLInputElement>('token')
  const token = field.value.trim()
  field.value = ''
  typed = true
  void connection.begin(token)
})
addEventListener('hashchange', () => {
  const token = tokenOfAddress()
  if (token !== undefined && current === undefined) void connection.begin(token)
})
addEventListener('pagehide', () => connection.end())
addEventListener('pageshow', ({ persisted }) => {
  // Back from where the browser keeps pages: the session was ended.
  if (persisted) void connection.begin()
})

/** `#token=...`: what stands behind the # is not sent to any server; it leaves the address, which others may see, at once. */
function tokenOfAddress(): string | undefined {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1]
  if (token === undefined) return undefined
  history.replaceState(null, '', location.pathname)
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}

void connection.begin(tokenOfAddress())
