export const title = "Inspector";

export function mount(root, { h }) {
  root.append(h("h1", {}, title));
}
