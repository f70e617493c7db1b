# The formula of a tap: brew install why403/tap/why403
class Why403 < Formula
  desc "Why did S3 say 403? The answer, under the error"
  homepage "https://github.com/why403/why403"
  # The checksum is that of the tag's archive: set with each release.
  url "https://github.com/why403/why403/archive/refs/tags/v0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]
  head "https://github.com/why403/why403.git", branch: "main"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    system bin/"why403", "man", man1
    bash_completion.install "completions/why403.bash" => "why403"
    zsh_completion.install "completions/_why403"
    fish_completion.install "completions/why403.fish"
    (share/"why403").install "shell/why403.bash", "shell/why403.plugin.zsh", "shell/why403.fish"
  end

  def caveats
    <<~TEXT
      To have aws explain itself, add one line to your shell's own file:
        bash  ~/.bashrc                    eval "$(why403 init bash)"
        zsh   ~/.zshrc                     eval "$(why403 init zsh)"
        fish  ~/.config/fish/config.fish   why403 init fish | source
    TEXT
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/why403 --version")
    assert_match "bucket-policy-deny", shell_output("#{bin}/why403 explain --list")
  end
end
