// storage.ts: small settings that outlive a visit. localStorage throws where cookies are refused or the page is in a
// sandboxed frame; then a setting lasts as long as the page.

const memory = new Map<string, string>();

export function remember(key: string, value: string): void {
  memory.set(key, value);
  try {
    localStorage.setItem(`mmscope.${key}`, value);
  } catch {
    // kept in memory
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`mmscope.${key}`) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}
