/** What is used of Node's module, whose own types would bring all of Node's globals with them. */
declare module 'node:crypto' {
  interface Hmac {
    update(data: string): Hmac
    digest(encoding: 'base64url'): string
  }
  export function createHmac(algorithm: 'sha256', key: string): Hmac
}
