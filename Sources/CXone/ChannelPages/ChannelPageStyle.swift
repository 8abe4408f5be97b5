import HTTP
import HTTPTypes

/// The pages' one style sheet: readable in light and dark, on a phone, with a visible focus. Nothing is fetched from anywhere else.
enum ChannelPageStyle {
    static var response: Response {
        Response(
            status: .ok,
            fields: [.contentType: "text/css; charset=utf-8", .cacheControl: "max-age=300", .xContentTypeOptions: "nosniff"],
            body: Array(text.utf8))
    }

    private static let text = """
        :root {
          color-scheme: light dark;
          --paper: #f6f7f4; --card: #ffffff; --ink: #1b2622; --soft: #58655f; --line: #d5dbd6;
          --accent: #0d6b58; --on-accent: #ffffff; --good: #0d6b58; --todo: #8a5300; --danger: #a3261c;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #121715; --card: #1b221f; --ink: #e7ece9; --soft: #9fada6; --line: #35403b;
            --accent: #4cc2a6; --on-accent: #06221b; --good: #4cc2a6; --todo: #e6ab52; --danger: #ff8f84;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; padding: 1rem max(1rem, calc(50vw - 22rem)) 0; }
        header p { margin: 0; }
        .brand { font-weight: 650; letter-spacing: .01em; }
        .who { color: var(--soft); flex: 1; }
        nav { display: flex; gap: 1.25rem; flex-basis: 100%; border-bottom: 1px solid var(--line); }
        nav a { padding: .6rem 0; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; }
        nav a:hover { color: var(--ink); }
        nav a[aria-current] { color: var(--ink); border-color: var(--accent); }
        main { padding: 1.25rem max(1rem, calc(50vw - 22rem)) 4rem; }
        h1 { font-size: 1.6rem; line-height: 1.2; font-weight: 600; margin: .5rem 0 1.25rem; }
        h2 { font-size: 1.1rem; font-weight: 600; margin: 0 0 .75rem; overflow-wrap: anywhere; }
        h2 span { color: var(--soft); font-weight: 400; font-size: .95rem; margin-inline-start: .35rem; }
        h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem; margin: 0 0 1.25rem; }
        label { display: block; font-weight: 550; }
        input:not([type=checkbox]) {
          width: 100%; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px;
          padding: .5rem .65rem; margin-top: .25rem; min-height: 44px;
        }
        input[readonly] { color: var(--soft); }
        .hint { color: var(--soft); font-size: .9rem; margin: .25rem 0 1rem; }
        fieldset { border: 0; padding: 0; margin: 0; }
        legend { font-weight: 550; padding: 0; margin-bottom: .25rem; }
        .tick { display: flex; gap: .6rem; align-items: center; font-weight: 400; min-height: 32px; }
        .tick input { inline-size: 1.1rem; block-size: 1.1rem; accent-color: var(--accent); flex: none; }
        .actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.1rem 0 0; }
        button, .button {
          font: inherit; font-weight: 550; min-height: 44px; padding: .55rem 1.1rem; border-radius: 6px; cursor: pointer;
          border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); text-decoration: none; display: inline-block;
        }
        button.quiet, .button { background: transparent; color: var(--accent); }
        button.danger { background: transparent; border-color: var(--danger); color: var(--danger); }
        button:hover, .button:hover { filter: brightness(1.08); }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
        .notice, .problem {
          padding: .75rem 1rem; border-radius: 8px; border-inline-start: 4px solid var(--good); background: var(--card); margin: 0 0 1.25rem;
        }
        .problem { border-color: var(--danger); }
        .good { color: var(--good); }
        .todo { color: var(--todo); }
        code, pre { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
        pre { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow: auto; white-space: pre-wrap; }
        .skip { position: absolute; inset-inline-start: -100vw; }
        .skip:focus { inset-inline-start: 1rem; top: .25rem; background: var(--card); padding: .25rem .5rem; }
        """
}
