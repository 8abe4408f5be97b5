"""Texts that have broken pages: markup and scripts in every context, controls, directions, joiners, look-alikes, numbers, paths, JSON inside JSON.

Made from parts, so that each part stands in each context. `NAUGHTY` holds more than 515 of them, each once; what runs sets `window.hacked`.
"""
import itertools

HACK = "window.hacked=1"

_markup = [
    "<script>{x}</script>", "<SCRIPT SRC=data:,{x}></SCRIPT>", "<img src=x onerror={x}>", "<svg/onload={x}>", "<svg><script>{x}</script></svg>", "<body onload={x}>",
    "<details open ontoggle={x}>", "<video><source onerror={x}></video>", "<audio src=x onerror={x}>", "<iframe srcdoc='<script>parent.{x}</script>'>",
    "<iframe src=javascript:{x}>", "<object data=javascript:{x}>", "<embed src=javascript:{x}>", "<a href=javascript:{x} autofocus onfocus={x}>x</a>",
    "<input autofocus onfocus={x}>", "<select autofocus onfocus={x}>", "<textarea autofocus onfocus={x}>", "<marquee onstart={x}>", "<math><mi//xlink:href=\"data:x,<script>{x}</script>\">",
    "<form action=javascript:{x}><button>x</button></form>", "<isindex type=image src=1 onerror={x}>", "<style>@import 'javascript:{x}';</style>", "<link rel=stylesheet href=javascript:{x}>",
    "<meta http-equiv=refresh content='0;url=javascript:{x}'>", "<base href=//evil.example/>", "<template><script>{x}</script></template>", "<noscript><p title=\"</noscript><img src=x onerror={x}>\">",
    "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><script>{x}</script></body></foreignObject>", "<animate onbegin={x} attributeName=x dur=1s>", "<set attributeName=onmouseover to={x}>",
    "<use href=\"data:image/svg+xml,<svg onload='{x}'/>\">", "<image href=x onerror={x}>", "<![CDATA[<script>{x}</script>]]>", "<!--><script>{x}</script-->", "<?xml-stylesheet href=\"javascript:{x}\"?>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>&e;", "%%{{init: {{'theme':'base'}}}}%% click p0 javascript:{x}", "end\nclick p0 call {x}", "{{{{constructor.constructor('{x}')()}}}}", "${{{x}}}",
]
_contexts = ["{}", "\">{}", "'>{}", "</textarea>{}", "</title>{}", "</style>{}", "</script>{}", "--></svg>{}", "]]>{}", "`{}`", "\u202e{}", "&quot;>{}", "\\\"{}"]
_marks = [f"a{chr(code)}b" for code in [*range(0x00, 0x21), 0x7F, 0x80, 0x85, 0xA0, 0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0xFFF9, 0xFFFD, 0xFFFE,
    0xFFFF, 0x1F600, 0x1D54F, 0xE0001, 0x10FFFF]]
_plain = [
    "", " ", "undefined", "null", "true", "NaN", "-Infinity", "-0", "1e309", "0x10", "1/0", "١٢٣", "1,000.00", "ثم نفس سقطت", "בְּרֵאשִׁית", "表ポあA鷗ŒéＢ逍Üßªąñ丂㐀𠀀", "👩‍👩‍👧‍👦🇨🇭🏳️‍🌈", "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "ﷺ﷽",
    "𐐜 𐐔𐐇𐐝", "ｆｕｌｌ ｗｉｄｔｈ", "'; DROP TABLE turns; --", "1' OR '1'='1", "$(reboot)", "`id`", "${jndi:ldap://x}", "{{7*7}}", "%s%n%x", "%00", "../../etc/passwd", "C:\\con", "file:///etc/passwd", "javascript:" + HACK,
    "data:text/html,<script>" + HACK + "</script>", "=1+1", "a\r\nSet-Cookie: x=1", "\x1b[2J\x1b[31m", "\"", "\\", "{}", "{\"a\":1}", "[[[[[[", "&amp;&lt;&#0;", "&undefined;", "#;x-->y: z", "p0->>p1: forged", "W" * 3000, "\"\\" * 500, "word " * 400,
]

NAUGHTY = list(dict.fromkeys([context.replace("{}", vector.format(x=HACK)) for vector, context in itertools.product(_markup, _contexts)] + _marks + _plain))
assert len(NAUGHTY) >= 515
