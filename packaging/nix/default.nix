# nix-build packaging/nix, or callPackage it from an overlay.
{
  pkgs ? import <nixpkgs> { },
}:

pkgs.rustPlatform.buildRustPackage {
  pname = "why403";
  version = "0.1.0";

  src = pkgs.lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;

  nativeBuildInputs = [ pkgs.installShellFiles ];

  # The whole-program tests want the AWS CLI from PyPI and a network on loopback; `make test` runs them.
  cargoTestFlags = [ "--lib" ];

  postInstall = ''
    $out/bin/why403 man man1
    installManPage man1/*.1
    installShellCompletion --cmd why403 --bash completions/why403.bash --zsh completions/_why403 --fish completions/why403.fish
    install -Dm644 -t $out/share/why403 shell/*
  '';

  meta = {
    description = "Why did S3 say 403? The answer, under the error";
    homepage = "https://github.com/why403/why403";
    license = [
      pkgs.lib.licenses.mit
      pkgs.lib.licenses.asl20
    ];
    mainProgram = "why403";
    platforms = pkgs.lib.platforms.unix;
  };
}
