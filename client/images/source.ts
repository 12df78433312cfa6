/** Decodes images, as far as this browser can. */

/** The first bytes of the formats that the API accepts as they are: offset, and the bytes there. */
const SIGNATURES = [
  [0, '\xff\xd8\xff'],
  [0, '\x89PNG'],
  [0, 'GIF8'],
  [8, 'WEBP'],
  [4, 'ftypavi'],
] as const

/** Checks the content, as the API does, because names and declared types can be wrong. */
export async function isAccepted(image: Blob): Promise<boolean> {
  const head = String.fromCharCode(...new Uint8Array(await image.slice(0, 16).arrayBuffer()))
  return SIGNATURES.some(([offset, bytes]) => head.startsWith(bytes, offset))
}

/** Decodes the image upright, applying its metadata. Falls back to an `<img>`, where Safari can read HEIC when `createImageBitmap` cannot. */
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
