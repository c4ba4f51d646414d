package android.view;

public class View {
    public WindowInsets insets;
    public int[] padding = {0, 0, 0, 0};

    /** As on Android: only the thread that made a view may touch it. */
    static void checkThread() {
        if (!Thread.currentThread().getName().equals("window"))
            throw new IllegalStateException("CalledFromWrongThreadException: " + Thread.currentThread().getName());
    }
    public WindowInsets getRootWindowInsets() { return insets; }
    public void setPadding(int left, int top, int right, int bottom) {
        checkThread();
        padding = new int[] {left, top, right, bottom};
    }
}
