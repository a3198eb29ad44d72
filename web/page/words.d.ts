// What web/hosting/locale.mjs makes of web/page/locale/ when the page is built.
declare module "words:languages" {
  const codes: string[];
  export default codes;
}
declare module "words:*" {
  const words: Record<string, string | Record<string, string>>;
  export default words;
}
