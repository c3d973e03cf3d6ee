using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Notifications.Testing.Clusters;

namespace Notifications.Tests.Deployment;

/// <summary>
/// A registry on this machine with one image, for machines that reach no other: the .NET of this machine and the libraries that it loads, laid out
/// as Microsoft's chiseled ASP.NET Core image is, with its user and its variables, and no shell.
/// </summary>
/// <remarks>Paths and media types by https://github.com/opencontainers/distribution-spec and https://github.com/opencontainers/image-spec.</remarks>
internal sealed class BaseImageRegistry : IAsyncDisposable
{
    public const int User = 1654;
    private const string Repository = "dotnet/aspnet";
    private const string Tag = "10.0-chiseled";
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string ConfigType = "application/vnd.oci.image.config.v1+json";
    private const string LayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

    private static readonly string DotNet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    // What the runtime loads by name only, and ldd therefore does not see: https://github.com/dotnet/core/blob/main/release-notes/10.0/os-packages.md
    private static readonly string[] LoadedByName = ["libssl.so.3", "libcrypto.so.3"];

    private readonly WebApplication _app;
    private readonly int _port;

    private BaseImageRegistry(WebApplication app, int port) => (_app, _port) = (app, port);

    /// <summary>What <c>ContainerBaseImage</c> has to be.</summary>
    public string Image => $"localhost:{_port}/{Repository}:{Tag}";

    public string Host => $"localhost:{_port}";

    public static async Task<BaseImageRegistry> StartAsync()
    {
        var (layer, content) = await LayerAsync();
        var config = Json(new
        {
            architecture = RuntimeInformation.OSArchitecture is Architecture.Arm64 ? "arm64" : "amd64",
            os = "linux",
            config = new
            {
                User = $"{User}",
                Env = new[]
                {
                    "PATH=/usr/bin:/bin", $"APP_UID={User}", "ASPNETCORE_HTTP_PORTS=8080", "DOTNET_RUNNING_IN_CONTAINER=true",
                    "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true",
                },
            },
            rootfs = new { type = "layers", diff_ids = new[] { content } },
            history = new[] { new { created_by = "the tests" } },
        });
        var manifest = Json(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            config = new { mediaType = ConfigType, digest = Digest(config), size = config.Length },
            layers = new[] { new { mediaType = LayerType, digest = Digest(layer), size = layer.Length } },
        });
        Dictionary<string, byte[]> blobs = new() { [Digest(config)] = config, [Digest(layer)] = layer };

        var builder = WebApplication.CreateSlimBuilder();
        var port = FreePorts.Next();
        builder.WebHost.UseUrls($"http://localhost:{port}");
        var app = builder.Build();
        app.MapGet("/v2/", () => Results.Ok());
        app.MapMethods($"/v2/{Repository}/manifests/{{reference}}", [HttpMethods.Get, HttpMethods.Head], (string reference, HttpContext context) =>
        {
            if (reference != Tag && reference != Digest(manifest))
            {
                return Results.NotFound();
            }

            context.Response.Headers["Docker-Content-Digest"] = Digest(manifest);
            return Results.Bytes(manifest, ManifestType);
        });
        app.MapMethods($"/v2/{Repository}/blobs/{{digest}}", [HttpMethods.Get, HttpMethods.Head], (string digest) =>
            blobs.TryGetValue(digest, out var blob) ? Results.Bytes(blob, "application/octet-stream") : Results.NotFound());
        await app.StartAsync();
        return new BaseImageRegistry(app, port);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<(byte[] Layer, string ContentDigest)> LayerAsync()
    {
        using var content = new MemoryStream();
        await using (var tar = new TarWriter(content, leaveOpen: true))
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "tmp/") { Mode = (UnixFileMode)0b1_111_111_111 });
            await WriteTextAsync(tar, "etc/passwd", $"root:x:0:0:root:/root:/sbin/nologin\napp:x:{User}:{User}::/home/app:/sbin/nologin\n");
            await WriteTextAsync(tar, "etc/group", $"root:x:0:\napp:x:{User}:\n");
            await WriteTextAsync(tar, "etc/nsswitch.conf", "hosts: files dns\n");
            await WriteTextAsync(tar, "etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "usr/bin/dotnet") { LinkName = "/usr/share/dotnet/dotnet" });
            foreach (var (path, file) in RuntimeFiles().Concat(await LibrariesAsync()))
            {
                await tar.WriteEntryAsync(file, path);
            }
        }

        using var layer = new MemoryStream();
        await using (var gzip = new GZipStream(layer, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(content.ToArray());
        }

        return (layer.ToArray(), Digest(content.ToArray()));
    }

    private static async Task WriteTextAsync(TarWriter tar, string path, string text) =>
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });

    /// <summary>The host and the two frameworks that a service of ours runs on, in this process's own version.</summary>
    private static IEnumerable<(string Path, string File)> RuntimeFiles()
    {
        string[] folders = [Path.Combine(DotNet, "host"), Framework("Microsoft.NETCore.App"), Framework("Microsoft.AspNetCore.App")];
        return folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Append(Path.Combine(DotNet, "dotnet"))
            .Select(file => (Path.Combine("usr/share/dotnet", Path.GetRelativePath(DotNet, file)), file));

        static string Framework(string name) => Path.Combine(DotNet, "shared", name, Environment.Version.ToString());
    }

    private static async Task<IEnumerable<(string Path, string File)>> LibrariesAsync()
    {
        var runtime = RuntimeEnvironment.GetRuntimeDirectory();
        var native = Directory.EnumerateFiles(runtime, "*.so").Append(Path.Combine(DotNet, "dotnet"));
        var known = await Programs.OutputAsync("ldconfig", ["-p"]);
        var byName = LoadedByName.Select(name => known.Split('\n').First(line => line.TrimStart().StartsWith(name + " ", StringComparison.Ordinal)).Split("=> ")[1].Trim()).ToArray();
        var needed = await Programs.OutputAsync("ldd", [.. native, .. byName]);
        return needed.Split('\n')
            // "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)", and the loader without an arrow.
            .Select(line => line.Trim().Split(" => ")[^1].Split(" (")[0])
            .Where(path => path.StartsWith('/') && !path.EndsWith(':') && !path.StartsWith(DotNet, StringComparison.Ordinal))
            .Concat(byName)
            .Distinct()
            .Select(path => (path.TrimStart('/'), new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path));
    }

    private static byte[] Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value);

    private static string Digest(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";
}
