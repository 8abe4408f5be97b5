export const title = "Phone and chat";

export function mount(root, { h }) {
  root.append(h("h1", {}, title));
}
