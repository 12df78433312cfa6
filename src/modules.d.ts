// What wrangler's default module rules make of an import that is not code.

declare module '*.bin' {
  const data: ArrayBuffer
  export default data
}

declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
