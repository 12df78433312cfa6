/** The files that the recording names: their sizes count where a limit is near, otherwise only what they are. */
import { ascii, bmp, gif, jpeg, noisePng, png, tiff, webp } from '../fixtures/images'

interface Kind {
  bytes: () => Uint8Array<ArrayBuffer>
  /** The type by which the image is served, whatever the name says. */
  type: string
}

const of = (type: string, bytes: Kind['bytes']): Kind => ({ type, bytes })
const MIB = 2 ** 20

const FILES: Record<string, Kind> = {
  'small.png': of('image/png', () => png()),
  'small.jpg': of('image/jpeg', () => jpeg()),
  'small.gif': of('image/gif', () => gif()),
  'small.webp': of('image/webp', () => webp()),
  'small.bmp': of('image/bmp', bmp),
  'small.tiff': of('image/tiff', tiff),
  'text.txt': of('text/plain', () => ascii('this is not an image')),
  'fake.png': of('image/png', () => ascii('this is not an image')),
  'truncated.png': of('image/png', () => png().slice(0, 37)),
  'zero.png': of('image/png', () => new Uint8Array()),
  'x.jpg': of('image/png', () => png()),
  pic: of('image/png', () => png()),
  'noise2_4mb.png': of('image/png', () => noisePng(2_434_352)),
  'noise6mb.png': of('image/png', () => noisePng(6_310_404)),
  'max4096.png': of('image/png', () => png(4096, 4096)),
  'wide4097.png': of('image/png', () => png(4097, 1)),
  'tall4097.png': of('image/png', () => png(1, 4097)),
  'both4097.png': of('image/png', () => png(4097, 4097)),
  'exact2mib.jpg': of('image/jpeg', () => jpeg({ padTo: 2 * MIB })),
  'exact5mib.jpg': of('image/jpeg', () => jpeg({ padTo: 5 * MIB })),
  'exact5mib_plus1.jpg': of('image/jpeg', () => jpeg({ padTo: 5 * MIB + 1 })),
  'junk6mb.jpg': of('image/jpeg', () => new Uint8Array(6 * MIB).fill(0x6a)),
}

const kind = (name: string): Kind => {
  const found = FILES[name]
  if (!found) throw new Error(`no file ${name}`)
  return found
}

/** `declared` is the type that the sender says it is. */
export const file = (name: string, declared = kind(name).type): File =>
  new File([kind(name).bytes()], name, { type: declared })

export const servedType = (name: string): string => kind(name).type
