import Delivery
import Testing

/// `security.md` §5, "File names".
@Suite("Names and types of files")
struct FileNameTests {
    @Test("paths, control characters, direction marks and double endings go; something readable stays", arguments: [
        ("umbrella.jpg", "umbrella.jpg"), ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"), ("/etc/shadow", "shadow"),
        ("C:\\Windows\\system32\\cmd.exe", "cmd.exe"), ("invoice.pdf.exe", "invoice_pdf.exe"), ("a.tar.gz", "a_tar.gz"), (".htaccess", "htaccess"),
        ("...", "file"), ("", "file"), ("/", "file"), ("a/", "a"), ("  spaced name .txt ", "spaced name.txt"), ("gpj\u{202E}exe.txt", "gpjexe.txt"),
        ("zero\u{200B}width\u{FEFF}.png", "zerowidth.png"), ("new\r\nline: x.txt", "newline_ x.txt"), ("nul\u{0}l.txt", "null.txt"),
        ("quote\".txt", "quote_.txt"), ("<script>.html", "_script_.html"), ("naïve ☂.png", "naïve ☂.png"), ("مظلة.pdf", "مظلة.pdf"),
        ("noending", "noending"), ("ending.toolongforanending", "ending_toolongforanending"), ("a.", "a"), ("con", "con"), ("x%2e%2e%2fy", "x_2e_2e_2fy"),
    ])
    func clean(_ name: String, _ expected: String) { #expect(FileName.clean(name) == expected) }

    @Test("a name is never longer than a hundred characters, and keeps its ending")
    func long() {
        let clean = FileName.clean(String(repeating: "x", count: 5000) + ".jpeg")
        #expect(clean.count == 100 && clean.hasSuffix("x.jpeg"))
        #expect(FileName.clean(FileName.clean("a.b.c")) == FileName.clean("a.b.c"))
    }

    @Test("the disposition has both forms of the name and nothing that could end it")
    func disposition() {
        #expect(FileName.disposition("a b.txt") == "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt")
        #expect(FileName.disposition("☂\"\\\u{7F}.png") == "attachment; filename=\"____.png\"; filename*=UTF-8''%E2%98%82%22%5C%7F.png")
    }

    @Test("the type follows the octets; what a browser would run is never named", arguments: [
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "text/html", "image/png"), ([0xFF, 0xD8, 0xFF, 0xE0], nil, "image/jpeg"),
        (Array("GIF89a".utf8), nil, "image/gif"), (Array("%PDF-1.7".utf8), "image/png", "application/pdf"),
        (Array("RIFF0000WEBP".utf8), nil, "image/webp"), (Array("0000ftypmp42".utf8), "audio/mp4", "audio/mp4"),
        ([0x50, 0x4B, 3, 4], "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ([0x50, 0x4B, 3, 4], "text/html", "application/zip"), (Array("<html>".utf8), "text/html", "application/octet-stream"),
        (Array("<svg".utf8), "image/svg+xml", "application/octet-stream"), (Array("alert(1)".utf8), "text/javascript", "application/octet-stream"),
        (Array("hello".utf8), "text/plain; charset=utf-8", "text/plain"), (Array("hello".utf8), "image/png", "application/octet-stream"),
        ([], nil, "application/octet-stream"), (Array("<xml".utf8), "application/xhtml+xml", "application/octet-stream"),
    ] as [([UInt8], String?, String)])
    func types(_ start: [UInt8], _ told: String?, _ expected: String) { #expect(MediaType.of(start, told: told) == expected) }
}
