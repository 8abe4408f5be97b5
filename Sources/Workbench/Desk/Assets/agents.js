export const title = "Agents";

export function mount(root, { h }) {
  root.append(h("h1", {}, title));
}
