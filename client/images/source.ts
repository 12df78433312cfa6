/** Reading an image, as far as this browser can. */

/** How files begin that the API takes as they are: offset, and the bytes there. */
const SIGNATURES = [
  [0, '\xff\xd8\xff'],
  [0, '\x89PNG'],
  [0, 'GIF8'],
  [8, 'WEBP'],
  [4, 'ftypavi'],
] as const

/** By content, as the API decides it: names and declared types lie. */
export async function isAccepted(image: Blob): Promise<boolean> {
  const head = String.fromCharCode(...new Uint8Array(await image.slice(0, 16).arrayBuffer()))
  return SIGNATURES.some(([offset, bytes]) => head.startsWith(bytes, offset))
}

/** Upright, whatever its metadata says. Safari reads HEIC in an `<img>` before it does so here. */
export async function decode(image: Blob): Promise<ImageBitmap | HTMLImageElement> {
  return createImageBitmap(image).catch(() => decodeByElement(image))
}

async function decodeByElement(image: Blob): Promise<HTMLImageElement> {
  const element = new Image()
  element.src = URL.createObjectURL(image)
  try {
    await element.decode()
    return element
  } catch {
    throw new Error('This browser cannot read the image. Try it as a JPEG.')
  } finally {
    URL.revokeObjectURL(element.src)
  }
}
