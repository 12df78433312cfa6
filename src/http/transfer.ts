/** Transfer encodings of form parts, meant for mail, which some clients use here too (RFC 2045, 6). */

type Bytes = Uint8Array<ArrayBuffer>

const AS_IT_IS = new Set(['', '7bit', '8bit', 'binary'])

/** The content decoded from its Content-Transfer-Encoding; undefined if it is malformed or the encoding is unknown. */
export function decodeTransfer(content: Bytes, encoding = ''): Bytes | undefined {
  const name = encoding.trim().toLowerCase()
  if (AS_IT_IS.has(name)) return content
  if (name === 'base64') return fromBase64(content)
  if (name === 'quoted-printable') return fromQuotedPrintable(content)
  return undefined
}

function fromBase64(content: Bytes): Bytes | undefined {
  try {
    return Uint8Array.fromBase64(new TextDecoder().decode(content))
  } catch {
    return undefined
  }
}

const [EQUALS, CR, LF] = [0x3d, 0x0d, 0x0a]

/** RFC 2045, 6.7: `=` and two hexadecimal digits are a byte, `=` at the end of a line joins it to the next. */
function fromQuotedPrintable(content: Bytes): Bytes | undefined {
  const out = new Uint8Array(content.length)
  let length = 0
  for (let at = 0; at < content.length; at++) {
    const byte = content[at] ?? 0
    if (byte !== EQUALS) {
      out[length++] = byte
    } else if (content[at + 1] === CR && content[at + 2] === LF) {
      at += 2
    } else {
      const digits = String.fromCharCode(content[at + 1] ?? 0, content[at + 2] ?? 0)
      if (!/^[0-9a-f]{2}$/i.test(digits)) return undefined
      out[length++] = Number.parseInt(digits, 16)
      at += 2
    }
  }
  return out.subarray(0, length)
}
