declare module '*.css' {
  const text: string
  // oxlint-disable-next-line import/no-default-export -- how bundlers give a file's text
  export default text
}
