// bookmarks.ts: places of a boot that the learner wants to find again, with a note; kept for each machine, drawn on the
// canvas' timeline.
//
//     bookmarks.add("the map is paid for");  bookmarks.all;  bookmarks.onChange(() => …)
import { type Mark, marks, type Place } from "./link_state";
import type { Page } from "./page";
import { recall, remember } from "./storage";

const same = (a: Place, b: Place) => a.every((n, i) => n === b[i]);
const before = (a: Place, b: Place) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
const MOST = 100;

export class Bookmarks {
  private list: Mark[] = [];
  private key = "";
  private fresh = true;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
  ) {
    page.onMachine(() => {
      this.fresh = true;
    });
    page.onStory((story) => {
      if (!this.fresh) return;
      this.fresh = false;
      this.key = `bookmarks.${story.title} (${story.place.calls})`;
      this.set(this.stored());
    });
  }

  get all(): readonly Mark[] {
    return this.list;
  }
  onChange(listener: () => void): void {
    this.listeners.push(listener);
    listener();
  }

  /** Where the playhead stands. A second one at the same place takes the place of the first. */
  add(note: string): boolean {
    const at = this.here();
    const others = this.list.filter((mark) => !same(mark.at, at));
    if (others.length >= MOST) return false;
    this.keep([...others, { at, note }].sort((a, b) => before(a.at, b.at)));
    return true;
  }
  remove(mark: Mark): void {
    this.keep(this.list.filter((one) => one !== mark));
  }
  /** Those of a link: shown, but not kept unless the learner changes them. */
  set(list: Mark[]): void {
    this.list = list;
    this.later.clearBookmarks();
    for (const { at } of list) this.later.addBookmark(...at);
    this.page.changed();
    for (const listener of this.listeners) listener();
  }

  private here(): Place {
    const { call, event, part } = this.page.story?.place ?? { call: 0, event: 0, part: 0 };
    return [call, event, part];
  }
  private keep(list: Mark[]): void {
    this.set(list);
    remember(this.key, JSON.stringify(list));
  }
  private stored(): Mark[] {
    try {
      return marks(JSON.parse(recall(this.key) ?? "[]"), "marks");
    } catch {
      return []; // written by something else
    }
  }
}
