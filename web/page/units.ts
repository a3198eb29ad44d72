// units.ts: numbers as a person reads them. Addresses in hexadecimal, sizes with a binary unit, counts in groups.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

export function hex(n: number): string {
  return `0x${n.toString(16)}`;
}

/** Constant width within a column: as many digits as the machine's last address has. */
export function hexWide(n: number, digits: number): string {
  return `0x${n.toString(16).padStart(digits, "0")}`;
}

/** Exact while it is short ("16 MiB", "448 B"), else rounded to one place ("52.1 MiB"). */
export function bytes(n: number): string {
  let unit = 0;
  let value = n;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = Number.isInteger(value) ? String(value) : value.toFixed(1);
  if (text === "1024.0" && unit < UNITS.length - 1) return `1.0 ${UNITS[unit + 1]}`;
  return `${text} ${UNITS[unit]}`;
}

const grouped = new Intl.NumberFormat("en", { useGrouping: true });
/** 262 144: grouped by thin spaces, which no language reads as a decimal point. */
export function count(n: number): string {
  return grouped.format(n).replaceAll(",", "\u202f");
}

/** Half-open [base, base + size) as the kernel prints it: the last byte included. */
export function range(base: number, size: number): string {
  return size > 0 ? `${hex(base)}–${hex(base + size - 1)}` : hex(base);
}
