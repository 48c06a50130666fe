package io.carpel.agent.cri;

import io.carpel.agent.image.PodImageService;
import io.carpel.cri.ImageFsInfoRequest;
import io.carpel.cri.ImageFsInfoResponse;
import io.carpel.cri.ImageServiceGrpc;
import io.carpel.cri.ImageStatusRequest;
import io.carpel.cri.ImageStatusResponse;
import io.carpel.cri.ListImagesRequest;
import io.carpel.cri.ListImagesResponse;
import io.carpel.cri.PullImageRequest;
import io.carpel.cri.PullImageResponse;
import io.carpel.cri.RemoveImageRequest;
import io.carpel.cri.RemoveImageResponse;
import io.carpel.cri.StreamImagesRequest;
import io.carpel.cri.StreamImagesResponse;
import io.grpc.stub.StreamObserver;

/// `runtime.v1.ImageService`: unpack, one call, answer.
public final class CriImageService extends ImageServiceGrpc.ImageServiceImplBase {
    private final PodImageService images;

    public CriImageService(PodImageService images) {
        this.images = images;
    }

    @Override
    public void listImages(ListImagesRequest request, StreamObserver<ListImagesResponse> out) {
        Answers.one(
                out,
                ListImagesResponse.newBuilder()
                        .addAllImages(images.list(request.getFilter()))
                        .build());
    }

    @Override
    public void streamImages(
            StreamImagesRequest request, StreamObserver<StreamImagesResponse> out) {
        Answers.batches(
                out,
                images.list(request.getFilter()),
                batch -> StreamImagesResponse.newBuilder().addAllImages(batch).build());
    }

    @Override
    public void imageStatus(ImageStatusRequest request, StreamObserver<ImageStatusResponse> out) {
        Answers.one(out, images.status(request.getImage().getImage(), request.getVerbose()));
    }

    @Override
    public void pullImage(PullImageRequest request, StreamObserver<PullImageResponse> out) {
        Answers.one(out, PullImageResponse.newBuilder().setImageRef(images.pull(request)).build());
    }

    @Override
    public void removeImage(RemoveImageRequest request, StreamObserver<RemoveImageResponse> out) {
        images.remove(request.getImage().getImage());
        Answers.one(out, RemoveImageResponse.getDefaultInstance());
    }

    @Override
    public void imageFsInfo(ImageFsInfoRequest request, StreamObserver<ImageFsInfoResponse> out) {
        Answers.one(out, images.filesystem());
    }
}
