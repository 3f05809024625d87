// A chat room: the server hears what each client says and relays it to all who are there.
import { connect, listen } from 'braidwire'
import { type Events, events } from 'braidwire/rpc'

interface Room {
  said: { who: string; text: string }
}

const rooms = new Set<Events<Room>>()
const listener = await listen('tcp://127.0.0.1:0', async (session) => {
  const room = events<Room>(session, 'room')
  rooms.add(room)
  session.closed.then(() => rooms.delete(room))
  for await (const line of room.on('said')) for (const other of rooms) other.emit('said', line)
})

async function join(who: string) {
  const session = await connect(listener.url)
  const room = events<Room>(session, 'room')
  const heard = room.on('said')
  await heard.ready
  const say = (text: string) => room.emit('said', { who, text })
  return { session, heard, say }
}

const [ada, bob] = [await join('Ada'), await join('Bob')]
ada.say('is anybody here?')
for await (const { who, text } of bob.heard) {
  console.log(`Bob hears ${who}: ${text}`)
  if (who === 'Ada') bob.say('I am')
  else break
}
for await (const { who, text } of ada.heard) {
  console.log(`Ada hears ${who}: ${text}`)
  if (who === 'Bob') break
}
await Promise.all([ada.session.close(), bob.session.close(), listener.close()])
