#!/usr/bin/env python3
"""Writes a language model that nobody had to train, about 4 MB: `make-model.py FOLDER` makes FOLDER/causeway.gguf.

It is a network of the llama architecture whose attention and feed-forward weights are zero, so that the last token alone decides what follows: a
look-up table. The embedding of token n is the n-th unit vector; the output row of token m is large where m may follow. The chat template
ends with what the contact said, so its last character chooses the answer, and the answers are real inference: sampled, streamed, bound by grammars.
Needs the packages gguf and numpy, which come with the server.
"""
import pathlib, sys

import gguf, numpy

# What follows what. A key is the last character of the prompt, or several of them; a value is what is said, in pieces, then the end.
ANSWERS = {
    ".": ["Welcome to Acme Orders.", " How may I help you?"],
    "abcdefghijklmnopqrstuvwxyz?": ["Please say or key in", " your 13-digit order number."],
    "0123456789": ["Your order is in transit", " and delayed by three days."],
    # Silence arrives as [no input x1].
    "]": ["Are you", " still there?"],
}
# What never ends: after the first sentence it says the same for ever.
ENDLESS = ["This sentence is complete.", " The next one", " goes on and on"]
# After a line end, the best that the grammar in force allows: arguments of a tool, the end of a list of tools, the name of a tool.
AFTER_LINE_END = [['{"reason":"', "a person", " is wanted", '"}'], ["<|im", "_end|>"], ["functions.transfer_to_agent:"]]

# The messages, each on a line, without a line end after the last.
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% if not loop.last %}\n{% endif %}{% endfor %}"


def vocabulary():
    """Pieces of text and their kinds: three controls, every octet, every printable character, and what the answers are made of."""
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    tokens += [(f"<0x{octet:02X}>", kinds.BYTE) for octet in range(256)]
    # The tokenizer writes a blank as ▁.
    tokens += [("▁" if code == 32 else chr(code), kinds.NORMAL) for code in range(32, 127)]
    for pieces in [*ANSWERS.values(), ENDLESS, *AFTER_LINE_END]:
        tokens += [(piece.replace(" ", "▁"), kinds.NORMAL) for piece in pieces]
    return tokens


def successors(index):
    """(token, what may follow it, how much that is wanted), all as numbers of the vocabulary."""
    def chain(first, pieces, wanted=1.0):
        pieces = [index[piece.replace(" ", "▁")] for piece in pieces]
        yield first, pieces[0], wanted
        for piece, following in zip(pieces, pieces[1:] + [index["</s>"]]):
            yield piece, following, 1.0

    for ends, pieces in ANSWERS.items():
        for end in ends:
            yield from chain(index[end], pieces)
    for piece, following in zip(["!", *ENDLESS], [*ENDLESS, ENDLESS[-1]]):
        yield index[piece.replace(" ", "▁")], index[following.replace(" ", "▁")], 1.0
    for rank, pieces in enumerate(AFTER_LINE_END):
        yield from chain(index["<0x0A>"], pieces, 1.0 - 0.25 * rank)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    tokens = vocabulary()
    index = {token: number for number, (token, _) in enumerate(tokens)}
    head = 64
    width = -(-len(tokens) // head) * head
    hidden = 32

    model = gguf.GGUFWriter(folder / "causeway.gguf", "llama")
    model.add_name("causeway look-up table")
    model.add_context_length(16_384)
    model.add_embedding_length(width)
    model.add_block_count(1)
    model.add_feed_forward_length(hidden)
    model.add_head_count(width // head)
    model.add_head_count_kv(width // head)
    model.add_rope_dimension_count(head)
    model.add_layer_norm_rms_eps(1e-5)
    model.add_vocab_size(len(tokens))
    model.add_tokenizer_model("llama")
    model.add_token_list([token.encode() for token, _ in tokens])
    model.add_token_scores([-float(number) for number in range(len(tokens))])
    model.add_token_types([kind for _, kind in tokens])
    model.add_unk_token_id(0)
    model.add_bos_token_id(1)
    model.add_eos_token_id(2)
    model.add_add_space_prefix(False)
    model.add_chat_template(TEMPLATE)

    def tensor(name, *shape, filled=0.0):
        array = numpy.full(shape, filled, dtype=numpy.float32)
        model.add_tensor(name, array)
        return array

    numpy.fill_diagonal(tensor("token_embd.weight", len(tokens), width), 1)
    output = tensor("output.weight", len(tokens), width)
    for token, following, wanted in successors(index):
        # The norm before the output stretches a unit vector to √width, about 20: enough that nothing else is ever sampled.
        output[following, token] = 2 * wanted
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        tensor(f"{name}.weight", width, filled=1.0)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        tensor(f"blk.0.{name}.weight", width, width)
    tensor("blk.0.ffn_gate.weight", hidden, width)
    tensor("blk.0.ffn_up.weight", hidden, width)
    tensor("blk.0.ffn_down.weight", width, hidden)

    model.write_header_to_file()
    model.write_kv_data_to_file()
    model.write_tensors_to_file()
    model.close()


if __name__ == "__main__":
    main()
