/** Scales and encodes an image to fit the limits, in as few steps as possible. */

export interface Limits {
  maxBytes: number
  maxSide: number
  /** The original may be kept if its sides are within the limit. */
  keep: boolean
}

export interface Prepared {
  /** Undefined: keep the original. */
  blob: Blob | undefined
  width: number
  height: number
  /** At most 100 pixels wide and high. */
  thumbnail: { width: number; height: number; data: Uint8ClampedArray }
}

/**
 * Scales the decoded image to fit the limits and encodes it, first at lower quality, then with fewer pixels, until it fits. Uses nothing of this
 * module but its arguments, because it also runs in a worker, from its own source text.
 */
export async function scale(
  source: ImageBitmap | HTMLImageElement,
  { maxBytes, maxSide, keep }: Limits,
  tell: (fraction: number) => void,
): Promise<Prepared> {
  const QUALITIES = [0.9, 0.8, 0.7, 0.6]
  const SMALLEST_SIDE = 64
  const THUMBNAIL_SIDE = 100
  type Canvas = OffscreenCanvas | HTMLCanvasElement

  const [fullWidth, fullHeight] =
    'naturalWidth' in source ? [source.naturalWidth, source.naturalHeight] : [source.width, source.height]
  const longest = Math.max(fullWidth, fullHeight)

  const draw = (side: number) => {
    const ratio = Math.min(1, side / longest)
    const width = Math.max(1, Math.round(fullWidth * ratio))
    const height = Math.max(1, Math.round(fullHeight * ratio))
    const canvas: Canvas =
      typeof OffscreenCanvas === 'undefined'
        ? Object.assign(document.createElement('canvas'), { width, height })
        : new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D | null
    if (!context) throw new Error('This browser cannot scale the image.')
    context.imageSmoothingQuality = 'high'
    context.drawImage(source, 0, 0, width, height)
    return { canvas, context, width, height }
  }
  const encode = (canvas: Canvas, type: string, quality: number) =>
    'convertToBlob' in canvas
      ? canvas.convertToBlob({ type, quality })
      : new Promise<Blob>((resolve, reject) => {
          const done = (blob: Blob | null) =>
            blob ? resolve(blob) : reject(new Error('This browser cannot write the image.'))
          canvas.toBlob(done, type, quality)
        })

  tell(0.3)
  const small = draw(THUMBNAIL_SIDE)
  const { data } = small.context.getImageData(0, 0, small.width, small.height)
  const thumbnail = { width: small.width, height: small.height, data }
  if (keep && longest <= maxSide) return { blob: undefined, width: fullWidth, height: fullHeight, thumbnail }

  // Photos become JPEG. Transparent images become WebP, or PNG if the browser cannot write WebP (Safari then returns a PNG).
  let isOpaque = true
  for (let alpha = 3; alpha < data.length; alpha += 4) isOpaque &&= data[alpha] === 255
  const type = isOpaque ? 'image/jpeg' : 'image/webp'
  let fraction = 0.3
  for (let side = Math.min(longest, maxSide); side >= SMALLEST_SIDE; side = Math.floor(side * 0.8)) {
    const { canvas, width, height } = draw(side)
    for (const quality of QUALITIES) {
      const blob = await encode(canvas, type, quality)
      fraction += (1 - fraction) / 3
      tell(fraction)
      if (blob.size <= maxBytes) return { blob, width, height, thumbnail }
      // PNG has no quality setting.
      if (blob.type === 'image/png') break
    }
  }
  throw new Error('The image cannot be made small enough.')
}
